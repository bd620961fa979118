import { AgentError } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** Deadlines of one sample: looks that have the same share one timer and one signal, which is most of what a look costs. */
export interface Limits extends Disposable {
  /** What `work` gives, or AgentError `sensor` after `ms`, or the outer signal's reason; whichever is first. */
  race<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

interface Limit {
  readonly abort: AbortController;
  readonly expired: Promise<never>;
  readonly timer: Disposable;
}

export function openLimits(clock: Clock, signal: AbortSignal): Limits {
  const limits = new Map<number, Limit>();
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => {
    stopped.reject(signal.reason);
    for (const { abort } of limits.values()) abort.abort(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  // Nobody may be racing it any more when it is rejected.
  const handled = stopped.promise.then(undefined, () => undefined);

  const open = (ms: number): Limit => {
    const abort = new AbortController();
    const expired = Promise.withResolvers<never>();
    void expired.promise.then(undefined, () => handled);
    const timer = clock.after(ms, () => {
      const late = new AgentError("sensor", `no answer within ${ms} ms`);
      abort.abort(late);
      expired.reject(late);
    });
    return { abort, expired: expired.promise, timer };
  };

  return {
    async race(ms, work) {
      signal.throwIfAborted();
      const limit = limits.get(ms) ?? open(ms);
      limits.set(ms, limit);
      return Promise.race([work(limit.abort.signal), limit.expired, stopped.promise]);
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", onAbort);
      for (const { timer } of limits.values()) timer[Symbol.dispose]();
    },
  };
}
