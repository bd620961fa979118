import { resolve } from "node:path";

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

const ENTRY = "agent/main.ts";

/**
 * How to start this very program with other arguments: the executable alone, or in a checkout Node with the entry file
 * (from its own path where it is running, else from the working directory, as tests do).
 */
export function ownProgram(args: readonly string[]): Program {
  const file = process.execPath;
  if (process.getBuiltinModule("node:sea").isSea()) return { file, args };
  const [, script = ""] = process.argv;
  const entry = script.endsWith(ENTRY) ? script : resolve(ENTRY);
  return { file, args: ["--disable-warning=ExperimentalWarning", entry, ...args] };
}
