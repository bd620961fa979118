import { onAbort } from "./aborting.ts";
import type { Clock } from "./ports.ts";

/** Resolves after `ms` on the monotonic clock; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = clock.after(ms, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      timer[Symbol.dispose]();
      reject(signal.reason);
    });
  });
}

/**
 * `work` under a limit of its own: its signal aborts with `late()` after `ms`, or with the outer signal.
 * The result is raced, so that work which ignores its signal cannot hold the caller.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const limit = new AbortController();
  const forget = onAbort(signal, () => limit.abort(signal.reason));
  const timer = clock.after(ms, () => limit.abort(late()));
  try {
    return await new Promise<T>((resolve, reject) => {
      limit.signal.addEventListener("abort", () => reject(limit.signal.reason), { once: true });
      work(limit.signal).then(resolve, reject);
    });
  } finally {
    timer[Symbol.dispose]();
    forget();
  }
}
