import { AgentError } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** Made when it is first asked for: few looks can be cut short, and a signal costs more than a look. */
export interface Limited {
  readonly signal: AbortSignal;
}

/** Deadlines of one sample: looks that have the same share one timer and one signal. */
export interface Limits extends Disposable {
  /** What `work` gives, or AgentError `sensor` after `ms`, or the outer signal's reason; whichever is first. */
  race<T>(ms: number, work: (limited: Limited) => Promise<T>): Promise<T>;
}

interface Limit {
  readonly limited: Limited;
  /** The rejections of those that still wait. */
  readonly waiting: Set<(reason: unknown) => void>;
  end(reason: unknown): void;
  readonly timer: Disposable;
}

export function openLimits(clock: Clock, signal: AbortSignal): Limits {
  const limits = new Map<number, Limit>();
  const onAbort = () => {
    for (const limit of limits.values()) limit.end(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });

  const open = (ms: number): Limit => {
    let ended: { readonly reason: unknown } | null = null;
    let abort: AbortController | null = null;
    const waiting = new Set<(reason: unknown) => void>();
    const end = (reason: unknown) => {
      ended ??= { reason };
      abort?.abort(reason);
      for (const reject of waiting) reject(reason);
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
    race: (ms, work) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const { limited, waiting } = limits.get(ms) ?? open(ms);
        waiting.add(reject);
        work(limited)
          .finally(() => waiting.delete(reject))
          .then(resolve, reject);
      }),
    [Symbol.dispose]() {
      signal.removeEventListener("abort", onAbort);
      for (const { timer } of limits.values()) timer[Symbol.dispose]();
    },
  };
}
