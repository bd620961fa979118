import { andThen } from "../awaitable.ts";
import { AgentError } from "../errors.ts";
import type { Awaitable, Host } from "../ports.ts";

/**
 * Text of a file of the kernel without its final newline; null where this machine has no such file. Throws, or rejects with,
 * AgentError `sensor` when it is there but cannot be read.
 */
export function readOptional(
  host: Host,
  path: string,
  limitBytes?: number,
): Awaitable<string | null> {
  try {
    const text = host.readFile(path, limitBytes);
    return text instanceof Promise
      ? text.then(withoutNewline, (error: unknown) => absentOnly(path, error))
      : withoutNewline(text);
  } catch (error) {
    return absentOnly(path, error);
  }
}

const withoutNewline = (text: string) => (text.endsWith("\n") ? text.slice(0, -1) : text);

/** What `parse` makes of such a text, at once where that is there at once; null where there is none. */
export function parseOptional<T>(
  host: Host,
  path: string,
  parse: (text: string) => Awaitable<T>,
  limitBytes?: number,
): Awaitable<T | null> {
  return andThen(readOptional(host, path, limitBytes), (text) =>
    text === null ? null : parse(text),
  );
}

/**
 * What `read` gives; null on ENOENT: "not there" is not a fault.
 * @throws AgentError `sensor` naming the path and the system's error
 */
export async function orAbsent<T>(path: string, read: () => Awaitable<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    return absentOnly(path, error);
  }
}

function absentOnly(path: string, error: unknown): null {
  const code = errnoOf(error);
  if (code === "ENOENT") return null;
  if (code === undefined) throw error;
  throw new AgentError("sensor", `${path}: ${code}`, { cause: error, ...hintFor(code, path) });
}

const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;

const hintFor = (code: string, path: string) =>
  code === "EACCES" || code === "EPERM"
    ? { hint: `see which group may read it: ls -l ${path}` }
    : {};
