import { onAbort } from "../aborting.ts";
import { AgentError } from "../errors.ts";
import type { Awaitable, Clock, Look } from "../ports.ts";

export interface Ends<T> {
  done(value: T): void;
  failed(reason: unknown): void;
}

/** Deadlines of one sample: looks that have the same share one timer and one signal; what is there at once needs neither. */
export interface Limits extends Disposable {
  /** Ends once: with what `work` gives, with AgentError `sensor` after `ms`, or with the outer signal's reason. */
  race<T>(ms: number, work: (look: Look) => Awaitable<T>, ends: Ends<T>): void;
}

interface Limit {
  signal(): AbortSignal;
  /** Of those that still look. */
  readonly waiting: Set<Pick<Ends<never>, "failed">>;
  end(reason: unknown): void;
  readonly timer: Disposable;
}

export function openLimits(clock: Clock, signal: AbortSignal): Limits {
  const limits = new Map<number, Limit>();
  let forget = () => {};
  const endAll = () => {
    for (const limit of limits.values()) limit.end(signal.reason);
  };

  const open = (ms: number): Limit => {
    if (limits.size === 0) forget = onAbort(signal, endAll);
    let ended: { readonly reason: unknown } | null = null;
    let abort: AbortController | null = null;
    const waiting: Limit["waiting"] = new Set();
    const end = (reason: unknown) => {
      ended ??= { reason };
      abort?.abort(reason);
      for (const ends of waiting) {
        waiting.delete(ends);
        ends.failed(reason);
      }
    };
    const signalOf = () => {
      abort ??= new AbortController();
      if (ended) abort.abort(ended.reason);
      return abort.signal;
    };
    const timer = clock.after(ms, () => end(new AgentError("sensor", `no answer within ${ms} ms`)));
    const limit = { signal: signalOf, waiting, end, timer };
    limits.set(ms, limit);
    return limit;
  };

  return {
    race<T>(ms: number, work: (look: Look) => Awaitable<T>, ends: Ends<T>) {
      const limit = () => limits.get(ms) ?? open(ms);
      let given: Awaitable<T>;
      try {
        given = work(new LimitedLook(clock.monotonic(), limit));
      } catch (reason) {
        return ends.failed(reason);
      }
      if (!(given instanceof Promise)) return ends.done(given);
      const { waiting } = limit();
      waiting.add(ends);
      given.then(
        (value) => waiting.delete(ends) && ends.done(value),
        (reason) => waiting.delete(ends) && ends.failed(reason),
      );
    },
    [Symbol.dispose]() {
      forget();
      for (const { timer } of limits.values()) timer[Symbol.dispose]();
    },
  };
}

/** The signal is made when it is first asked for. A class, because a getter in a literal costs more than many a look. */
class LimitedLook implements Look {
  readonly monotonicMs: number;
  readonly #limit: () => Pick<Limit, "signal">;

  constructor(monotonicMs: number, limit: () => Pick<Limit, "signal">) {
    this.monotonicMs = monotonicMs;
    this.#limit = limit;
  }

  get signal(): AbortSignal {
    return this.#limit().signal();
  }
}
