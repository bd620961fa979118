import { AgentError } from "../errors.ts";
import type { Host } from "../ports.ts";

/**
 * Text of a file of the kernel without its final newline; null where this machine has no such file.
 * @throws AgentError `sensor` when it is there but cannot be read
 */
export async function readOptional(
  host: Host,
  path: string,
  limitBytes?: number,
): Promise<string | null> {
  try {
    const text = await host.readFile(path, limitBytes);
    return text.endsWith("\n") ? text.slice(0, -1) : text;
  } catch (error) {
    return absentOnly(path, error);
  }
}

/**
 * What `read` gives; null on ENOENT: "not there" is not a fault.
 * @throws AgentError `sensor` naming the path and the system's error
 */
export async function orAbsent<T>(path: string, read: () => Promise<T>): Promise<T | null> {
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
