/** By signal, what is to be done when it aborts: it goes with the signal. */
const actsOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Does `act` once when the signal aborts, in the order in which they came; call what is returned, and it does not. A
 * listener costs as much as the message that it guards, so each signal has one for all: made for signals that outlive many.
 * One that has aborted already does nothing. An act must not throw: those after it would be passed over.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  let acts = actsOf.get(signal);
  if (acts === undefined) {
    const all = new Set<() => void>();
    const actAll = () => {
      for (const one of [...all]) if (all.delete(one)) one();
    };
    signal.addEventListener("abort", actAll, { once: true });
    actsOf.set(signal, all);
    acts = all;
  }
  const kept = acts;
  kept.add(act);
  return () => void kept.delete(act);
}

/** How many acts wait for it: what is not taken back after the work stays for as long as the signal. */
export const actsWaiting = (signal: AbortSignal): number => actsOf.get(signal)?.size ?? 0;

/** `work`, or the signal's reason as soon as it aborts; the work itself goes on for whoever shares it. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const forget = onAbort(signal, () => reject(signal.reason));
    work.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
}

/**
 * A controller that aborts with either of the two signals; disposing it lets both go. Unlike AbortSignal.any, whose
 * `aborted` asks all its sources each time, it costs nothing while nothing aborts.
 */
export function abortingWith(
  one: AbortSignal,
  other: AbortSignal,
): Disposable & { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  const sources = [one, other];
  const abort = () => controller.abort(sources.find(({ aborted }) => aborted)?.reason);
  const forgets = sources.map((source) => onAbort(source, abort));
  if (one.aborted || other.aborted) abort();
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    [Symbol.dispose]() {
      for (const forget of forgets) forget();
    },
  };
}
