import type { ChildProcess } from "node:child_process";
import { onAbort } from "../aborting.ts";
import type { Clock } from "../ports.ts";
import { errnoOf } from "./errno.ts";

/** All that its tools need: lsblk lies in /usr/bin, dmidecode in /usr/sbin. Nothing of ours, for there may be secrets in it. */
export const CHILD_ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
} as const;

interface RunLimits {
  readonly limitMs: number;
  readonly clock: Clock;
  /** Ends the child. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program to its end in a process group of its own, which is killed after `limitMs` with all that it has started.
 * Resolves to null, or to what went wrong; never rejects for that.
 */
export async function runOnce(
  program: { readonly file: string; readonly args: readonly string[] },
  { limitMs, clock, signal }: RunLimits,
): Promise<string | null> {
  if (signal.aborted) return "stopped";
  const { spawn } = await import("node:child_process");
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const child = spawn(program.file, program.args, {
    detached: true, // a process group of its own
    stdio: "ignore",
    cwd: "/",
    env: CHILD_ENVIRONMENT,
  });
  child.once("error", (error) => resolve(errnoOf(error) ?? error.message));
  child.once("exit", (code, killedBy) =>
    resolve(code === 0 ? null : `ended by ${killedBy ?? code}`),
  );
  // Does not wait for the end: a process in uninterruptible sleep outlives its SIGKILL.
  const end = (reason: string) => {
    killGroup(child);
    resolve(reason);
  };
  const timer = clock.after(limitMs, () => end(`not done after ${limitMs} ms`));
  const forget = onAbort(signal, () => end("stopped"));
  try {
    return await promise;
  } finally {
    timer[Symbol.dispose]();
    forget();
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return; // it was never started
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error; // it has just ended by itself
  }
}
