import type { Clock } from "./ports.ts";

/** Resolves after `ms` on the monotonic clock; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer[Symbol.dispose]();
      reject(signal.reason);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
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
  const onAbort = () => limit.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = clock.after(ms, () => limit.abort(late()));
  try {
    return await new Promise<T>((resolve, reject) => {
      limit.signal.addEventListener("abort", () => reject(limit.signal.reason), { once: true });
      work(limit.signal).then(resolve, reject);
    });
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * A controller that aborts with either of the two signals; disposing it takes the listeners off both. Unlike
 * AbortSignal.any, whose `aborted` asks all its sources each time, it costs nothing while nothing aborts.
 */
export function abortingWith(
  one: AbortSignal,
  other: AbortSignal,
): Disposable & { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  const sources = [one, other];
  const onAbort = () => controller.abort(sources.find(({ aborted }) => aborted)?.reason);
  for (const source of sources) source.addEventListener("abort", onAbort, { once: true });
  if (one.aborted || other.aborted) onAbort();
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    [Symbol.dispose]() {
      for (const source of sources) source.removeEventListener("abort", onAbort);
    },
  };
}
