import { AgentError } from "../errors.ts";
import type { Awaitable, Clock } from "../ports.ts";

/** Made when it is first asked for: few looks can be cut short, and a signal costs more than a look. */
export interface Limited {
  readonly signal: AbortSignal;
}

export interface Ends<T> {
  done(value: T): void;
  failed(reason: unknown): void;
}

/** Deadlines of one sample: looks that have the same share one timer and one signal; what is there at once needs neither. */
export interface Limits extends Disposable {
  /** Ends once: with what `work` gives, with AgentError `sensor` after `ms`, or with the outer signal's reason. */
  race<T>(ms: number, work: (limited: Limited) => Awaitable<T>, ends: Ends<T>): void;
}

interface Limit {
  readonly limited: Limited;
  /** Of those that still look. */
  readonly waiting: Set<Pick<Ends<never>, "failed">>;
  end(reason: unknown): void;
  readonly timer: Disposable;
}

export function openLimits(clock: Clock, signal: AbortSignal): Limits {
  const limits = new Map<number, Limit>();
  const onAbort = () => {
    for (const limit of limits.values()) limit.end(signal.reason);
  };

  const open = (ms: number): Limit => {
    if (limits.size === 0) signal.addEventListener("abort", onAbort, { once: true });
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
    const limited = {
      get signal() {
        abort ??= new AbortController();
        if (ended) abort.abort(ended.reason);
        return abort.signal;
      },
    };
    const timer = clock.after(ms, () => end(new AgentError("sensor", `no answer within ${ms} ms`)));
    const limit = { limited, waiting, end, timer };
    limits.set(ms, limit);
    return limit;
  };

  return {
    race<T>(ms: number, work: (limited: Limited) => Awaitable<T>, ends: Ends<T>) {
      const limit = () => limits.get(ms) ?? open(ms);
      let given: Awaitable<T>;
      try {
        given = work({
          get signal() {
            return limit().limited.signal;
          },
        });
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
      if (limits.size > 0) signal.removeEventListener("abort", onAbort);
      for (const { timer } of limits.values()) timer[Symbol.dispose]();
    },
  };
}
