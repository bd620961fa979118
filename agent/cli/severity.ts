import type { Shell } from "./command.ts";

/** stderr is journald's: it wants a "<N>" before each line (sd-daemon(3)), or `journalctl -p err` misses it. */
export const isJournald = ({ env, terminal }: Shell): boolean =>
  env["JOURNAL_STREAM"] !== undefined && !terminal;

const numbers = { error: 3, warning: 4 } as const;

export function withSeverity(shell: Shell, severity: keyof typeof numbers, text: string): string {
  return isJournald(shell) ? text.replace(/^/gm, `<${numbers[severity]}>`) : text;
}
