import type { Shell } from "../../agent/cli/command.ts";
import { createSecrets } from "../../agent/platform/secrets.ts";

export interface RecordingShell extends Shell {
  /** Lines of stdout and stderr. */
  readonly stdout: string[];
  readonly stderr: string[];
}

/** A shell without a terminal that keeps what a command writes. */
export function recordingShell(env: Shell["env"] = {}): RecordingShell {
  const stdout: string[] = [];
  const stderr: string[] = [];
  return {
    env,
    stdout,
    stderr,
    out: (text) => void stdout.push(...text.split("\n")),
    err: (text) => void stderr.push(...text.split("\n")),
    color: false,
    terminal: false,
    secrets: createSecrets(),
    signal: new AbortController().signal,
    onHangup: () => ({ [Symbol.dispose]() {} }),
  };
}
