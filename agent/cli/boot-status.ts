import { writeFileSync } from "node:fs";
import { AgentError } from "../errors.ts";
import { systemBootClock } from "../platform/boot-clock.ts";
import { systemClock } from "../platform/clock.ts";
import { errnoOf } from "../platform/errno.ts";
import { printable } from "../platform/printable.ts";
import { readIfAny } from "./boot-file.ts";
import type { Shell } from "./command.ts";
import { version } from "./version.ts";

/** Every program that shows texts knows these, the oldest ones of Windows too. */
const LINE_END = "\r\n";

/**
 * Leaves `lines` beside the boot file, for whoever puts the card into another computer; a text that says the same already stays, for
 * every write to FAT is one that a power cut can hit. A partition that cannot be written costs the text, nothing else.
 */
export function writeBootStatus(shell: Shell, path: string, lines: readonly string[]): void {
  const clean = lines
    .flatMap((line) => line.split("\n"))
    .map((line) => printable(shell.secrets.redact(line)));
  const body = clean.map((line) => line + LINE_END).join("");
  try {
    const before = new TextDecoder().decode(readIfAny(path) ?? new Uint8Array());
    if (before.startsWith("pipit ") && before.slice(before.indexOf("\n") + 1) === body) return;
    writeFileSync(path, `pipit ${version}   ${timeNow()}${LINE_END}${body}`, { flush: true });
  } catch (error) {
    const code = errnoOf(error instanceof AgentError ? error.cause : error);
    if (code === undefined) throw error;
    shell.err(`${path} cannot be written (${code})`);
  }
}

/** "2026-11-22 10:42:07 UTC" */
function timeNow(): string {
  const time = new Date(systemClock.now()).toISOString().slice(0, 19).replace("T", " ");
  return `${time} UTC${systemBootClock.isSynchronised() ? "" : " (the clock was not set yet)"}`;
}
