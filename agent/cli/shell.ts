import { createSecrets } from "../platform/secrets.ts";
import { stderrLines } from "../platform/stderr.ts";
import type { Shell } from "./command.ts";
import { stdoutLines } from "./stdout.ts";

/** Ctrl-C reaches us twice under npm: from the terminal, and passed on by npm. That is still one wish. */
const SAME_WISH_MS = 500;

/** The process as commands see it. */
export function processShell(plain: boolean): Shell {
  const stopping = new AbortController();
  stopOnSignals(stopping);
  return {
    env: process.env,
    out: stdoutLines({ gone: () => stopping.abort(new Error("EPIPE")) }),
    err: stderrLines(),
    color: process.stdout.isTTY === true && !plain && !process.env["NO_COLOR"],
    terminal: process.stderr.isTTY === true,
    secrets: createSecrets(),
    signal: stopping.signal,
    onHangup(callback) {
      process.on("SIGHUP", callback);
      return { [Symbol.dispose]: () => void process.off("SIGHUP", callback) };
    },
  };
}

/** SIGINT and SIGTERM ask to stop; asked a second time, the process ends at once, as if it had not listened. */
function stopOnSignals(stopping: AbortController): void {
  let firstMs: number | null = null;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const onSignal = () => {
      if (firstMs === null) {
        firstMs = performance.now();
        stopping.abort(new Error(name)); // of no effect where stdout was closed before
      } else if (performance.now() - firstMs > SAME_WISH_MS) {
        process.off(name, onSignal);
        process.kill(process.pid, name);
      }
    };
    process.on(name, onSignal);
  }
}
