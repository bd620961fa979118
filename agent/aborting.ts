/** By signal, what is to be done when it aborts: it goes with the signal. */
const actsOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Does `act` when the signal aborts, in the order in which acts came; call what is returned, and it does not. After the
 * signal has aborted nothing is done any more: ask `aborted` first. A listener costs as much as the message that it guards,
 * so each signal has one for all. An act is given once, and must not throw: those after it would be passed over.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const acts = actsOf.get(signal) ?? listenedTo(signal);
  acts.add(act);
  return () => void acts.delete(act);
}

function listenedTo(signal: AbortSignal): Set<() => void> {
  const acts = new Set<() => void>();
  const actAll = () => {
    // A copy: what is added meanwhile comes too late, as with listeners.
    for (const act of [...acts]) if (acts.delete(act)) act();
  };
  signal.addEventListener("abort", actAll, { once: true });
  actsOf.set(signal, acts);
  return acts;
}

/** How many acts wait for it. To find leaks: what is not taken back stays for as long as the signal. */
export const actsWaiting = (signal: AbortSignal): number => actsOf.get(signal)?.size ?? 0;

/** `work`, or the signal's reason as soon as it aborts; the work itself goes on for whoever shares it. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // The work is subscribed to in any case: nobody else may look at how it fails.
    if (signal.aborted) reject(signal.reason);
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
