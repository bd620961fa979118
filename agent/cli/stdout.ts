import { writeSync } from "node:fs";
import { AgentError } from "../errors.ts";
import { errnoOf } from "../platform/errno.ts";

export interface StdoutOptions {
  /** Called once, when nobody reads any more: `pipit sample --count 9 | head -1`. */
  gone(): void;
  readonly write?: typeof writeSync;
}

/**
 * A line writer for fd 1. Synchronous, so that nothing is lost at exit; waits for a slow reader.
 * @throws AgentError `storage` when what stdout leads to cannot take it: `pipit sample > /dev/full`
 */
export function stdoutLines({ gone, write = writeSync }: StdoutOptions): (text: string) => void {
  let closed = false;
  return (text) => {
    const bytes = Buffer.from(`${text}\n`);
    for (let done = 0; done < bytes.length && !closed; ) {
      try {
        done += write(1, bytes, done);
      } catch (error) {
        const code = errnoOf(error);
        if (code === "EAGAIN") pause();
        else if (code === "EPIPE") closed = true;
        else throw unwritable(error, code);
        if (closed) gone();
      }
    }
  };
}

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);

const unwritable = (cause: unknown, code: string | undefined) =>
  new AgentError("storage", `standard output cannot be written (${code ?? cause})`, {
    cause,
    hint: "free some space where it leads to, or let it lead elsewhere",
  });
