import { writeSync } from "node:fs";
import { stderrLines } from "../platform/stderr.ts";
import type { Shell } from "./command.ts";

/** The process as commands see it. SIGINT and SIGTERM ask once to stop; the second one ends the process at once. */
export function processShell(plain: boolean): Shell {
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => stopping.abort(new Error(name)));
  }
  const err = stderrLines();
  return {
    env: process.env,
    out: (text) => writeAll(1, `${text}\n`),
    err,
    color: process.stdout.isTTY === true && !plain && !process.env["NO_COLOR"],
    terminal: process.stderr.isTTY === true,
    signal: stopping.signal,
    onHangup(callback) {
      process.on("SIGHUP", callback);
      return { [Symbol.dispose]: () => void process.off("SIGHUP", callback) };
    },
  };
}

/** Synchronous, so that nothing is lost at exit; waits for a slow reader, and stops for one that has gone. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
