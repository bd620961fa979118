/** `work`, or the signal's reason as soon as it aborts; the work itself goes on for whoever shares it. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A controller that aborts with either of the two signals; disposing it takes the listeners off both. */
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
