import { writeSync } from "node:fs";
import { stderrLines } from "../platform/stderr.ts";
import type { Shell } from "./command.ts";

/** Ctrl-C reaches us twice under npm: from the terminal, and passed on by npm. That is still one wish. */
const SAME_WISH_MS = 500;

/** The process as commands see it. */
export function processShell(plain: boolean): Shell {
  const err = stderrLines();
  return {
    env: process.env,
    out: (text) => writeAll(1, `${text}\n`),
    err,
    color: process.stdout.isTTY === true && !plain && !process.env["NO_COLOR"],
    terminal: process.stderr.isTTY === true,
    signal: stopSignal(),
    onHangup(callback) {
      process.on("SIGHUP", callback);
      return { [Symbol.dispose]: () => void process.off("SIGHUP", callback) };
    },
  };
}

/** SIGINT and SIGTERM ask to stop; asked a second time, the process ends at once, as if it had not listened. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let firstMs = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const onSignal = () => {
      if (!stopping.signal.aborted) {
        firstMs = performance.now();
        stopping.abort(new Error(name));
      } else if (performance.now() - firstMs > SAME_WISH_MS) {
        process.off(name, onSignal);
        process.kill(process.pid, name);
      }
    };
    process.on(name, onSignal);
  }
  return stopping.signal;
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
