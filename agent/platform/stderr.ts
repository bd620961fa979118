import { writeSync } from "node:fs";
import { errnoOf } from "./errno.ts";

/**
 * A line writer for fd 2 that can neither block the agent nor end it: a full pipe (EAGAIN) loses the line and counts it,
 * a reader that has gone (EPIPE) silences the log.
 */
export function stderrLines(write: typeof writeSync = writeSync): (line: string) => void {
  let lost = 0;
  let gone = false;
  return (line) => {
    if (gone) return;
    const note = lost > 0 ? `log: ${lost} lines lost, the reader was too slow\n` : "";
    try {
      write(2, `${note}${line}\n`);
      lost = 0;
    } catch (error) {
      if (errnoOf(error) === "EPIPE") gone = true;
      else lost++;
    }
  };
}
