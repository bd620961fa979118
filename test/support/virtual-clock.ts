import type { Clock } from "../../agent/ports.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

export interface VirtualClock extends Clock {
  /** Lets `ms` pass: every timer due in it fires in order, and promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Lets promises settle without time passing. */
  settle(): Promise<void>;
  /** Advances from timer to timer until `done()` holds; rejects after `limitMs` of virtual time. */
  until(done: () => boolean, limitMs?: number): Promise<void>;
  /** Steps the wall clock; monotonic time does not notice. */
  stepWall(ms: number): void;
  /** Timers armed now: a leak shows here. */
  readonly pending: number;
}

/** Time that passes only when a test says so. */
export function virtualClock(startMs = 1_795_341_600_000): VirtualClock {
  let monotonic = 1_000;
  let offset = startMs - monotonic;
  let order = 0;
  const timers = new Set<Timer>();

  const settle = async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const next = () => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order))
        first = timer;
    }
    return first;
  };
  const fire = (timer: Timer) => {
    timers.delete(timer);
    monotonic = Math.max(monotonic, timer.due);
    timer.task();
  };

  return {
    now: () => Math.floor(monotonic + offset),
    monotonic: () => monotonic,
    after(ms, task) {
      const timer = { due: monotonic + Math.max(0, ms), order: order++, task };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    settle,
    async advance(ms) {
      const target = monotonic + ms;
      await settle();
      for (let timer = next(); timer && timer.due <= target; timer = next()) {
        fire(timer);
        await settle();
      }
      monotonic = target;
    },
    async until(done, limitMs = 3_600_000) {
      const target = monotonic + limitMs;
      await settle();
      while (!done()) {
        const timer = next();
        if (!timer || timer.due > target)
          throw new Error(`not done after ${limitMs} ms of virtual time`);
        fire(timer);
        await settle();
      }
    },
    stepWall: (ms) => {
      offset += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}
