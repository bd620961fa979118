import type { FileSensor } from "../config/sensor-config.ts";
import { AgentError } from "../errors.ts";
import type { ReaderChild } from "../ports.ts";
import type { Source } from "../source.ts";
import { sourceOf } from "./from-config.ts";
import { patiently } from "./patience.ts";
import { shape } from "./shape.ts";

const TIMEOUT_MS = 2_000;
const DEADLINE_MS = 120_000;

/** A number or a JSON object in a file, of whatever file system: the reader child bears a read that hangs. */
export function fileSource(config: FileSensor, { reader }: { reader: ReaderChild }): Source {
  const { id, key, path, format, unit, timeout } = config;
  const collect = patiently(async () => {
    const text = await readAt(path, reader, timeout ?? TIMEOUT_MS);
    return shape(config, path, matched(config, text));
  });
  return sourceOf(config, {
    name: `file ${id}`,
    group: `file ${id}`,
    deadlineMs: DEADLINE_MS,
    keys: format === "number" && key !== null ? { [key]: { unit: unit ?? "", source: path } } : {},
    collect,
  });
}

async function readAt(path: string, reader: ReaderChild, timeoutMs: number): Promise<string> {
  try {
    return await reader.readFile(path, { bus: path, timeoutMs });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : null;
    if (error instanceof AgentError || code === null) throw error;
    throw new AgentError("sensor", `${path}: ${code}`, { cause: error, ...hintFor(code, path) });
  }
}

const hintFor = (code: string, path: string): { hint?: string } =>
  code === "EACCES"
    ? { hint: `let user pipit read it, and every folder above it: ls -l ${path}` }
    : code === "ENOENT"
      ? { hint: "does the program that writes it run?" }
      : {};

/** What the first group of `pattern` matches; the whole text without a pattern. */
function matched({ path, pattern }: FileSensor, text: string): string {
  if (pattern === null) return text;
  const [, group] = new RegExp(pattern, "m").exec(text) ?? [];
  if (group === undefined)
    throw new AgentError("sensor", `${path}: nothing in it matches ${JSON.stringify(pattern)}`);
  return group;
}
