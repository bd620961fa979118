import { onAbort } from "../aborting.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Look } from "../ports.ts";

/** Deadlines of one sample: looks that have the same share one timer and one signal; what is there at once needs neither. */
export interface Limits extends Disposable {
  /** At what has to be there `ms` after now. Its moment is that of the sample. */
  look(ms: number): Look;
  /** What `given` gives; rejects with AgentError `sensor` after `ms`, or with the outer signal's reason. */
  race<T>(ms: number, given: Promise<T>): Promise<T>;
}

export const openLimits = (clock: Clock, signal: AbortSignal): Limits =>
  new SampleLimits(clock, signal);

interface Limit {
  readonly signal: AbortSignal;
  /** Of those that still look. */
  readonly waiting: Set<(reason: unknown) => void>;
  end(reason: unknown): void;
  readonly timer: Disposable;
}

/** A class, as are the looks: made anew at every beat, closures and getters in literals cost more than many a look. */
class SampleLimits implements Limits {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #monotonicMs: number;
  readonly #limits = new Map<number, Limit>();
  #look: LimitedLook | null = null;
  #forget: (() => void) | null = null;

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    this.#monotonicMs = clock.monotonic();
  }

  look(ms: number): Look {
    if (this.#look?.ms !== ms) this.#look = new LimitedLook(this.#monotonicMs, ms, this);
    return this.#look;
  }

  limit(ms: number): Limit {
    this.#forget ??= onAbort(this.#outer, () => {
      for (const limit of this.#limits.values()) limit.end(this.#outer.reason);
    });
    const known = this.#limits.get(ms);
    if (known) return known;
    const limit = openLimit(this.#clock, ms);
    this.#limits.set(ms, limit);
    return limit;
  }

  race<T>(ms: number, given: Promise<T>): Promise<T> {
    const { waiting } = this.limit(ms);
    return new Promise<T>((resolve, reject) => {
      waiting.add(reject);
      void given.then(resolve, reject).finally(() => waiting.delete(reject));
    });
  }

  [Symbol.dispose](): void {
    this.#forget?.();
    for (const { timer } of this.#limits.values()) timer[Symbol.dispose]();
  }
}

function openLimit(clock: Clock, ms: number): Limit {
  const abort = new AbortController();
  const waiting: Limit["waiting"] = new Set();
  const end = (reason: unknown) => {
    abort.abort(reason);
    for (const reject of waiting) reject(reason);
    waiting.clear();
  };
  const timer = clock.after(ms, () => end(new AgentError("sensor", `no answer within ${ms} ms`)));
  return { signal: abort.signal, waiting, end, timer };
}

/** The signal is made when it is first asked for. */
class LimitedLook implements Look {
  readonly monotonicMs: number;
  readonly ms: number;
  readonly #limits: SampleLimits;

  constructor(monotonicMs: number, ms: number, limits: SampleLimits) {
    this.monotonicMs = monotonicMs;
    this.ms = ms;
    this.#limits = limits;
  }

  get signal(): AbortSignal {
    return this.#limits.limit(this.ms).signal;
  }
}
