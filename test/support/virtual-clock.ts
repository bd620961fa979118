import type { Clock } from "../../agent/ports.ts";
import { createTimerHeap, type Timer } from "./timer-heap.ts";

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

/**
 * Time that passes only when a test says so. `turns` of the event loop are given to promises at each step: where all of the
 * world is in memory one is enough, what reads real files takes some.
 */
export function virtualClock(
  startMs = 1_795_341_600_000,
  { turns = 3 }: { readonly turns?: number } = {},
): VirtualClock {
  let monotonic = 1_000;
  let offset = startMs - monotonic;
  const timers = createTimerHeap();

  const turn = (resolve: () => void) => void setImmediate(resolve);
  const settle = async () => {
    for (let left = turns; left > 0; left--) await new Promise<void>(turn);
  };
  const fire = (timer: Timer) => {
    monotonic = Math.max(monotonic, timer.due);
    timers.take(timer)();
  };

  return {
    now: () => Math.floor(monotonic + offset),
    monotonic: () => monotonic,
    after(ms, task) {
      const timer = timers.add(monotonic + Math.max(0, ms), task);
      return { [Symbol.dispose]: () => timers.cancel(timer) };
    },
    settle,
    async advance(ms) {
      const target = monotonic + ms;
      await settle();
      for (let timer = timers.next(); timer && timer.due <= target; timer = timers.next()) {
        fire(timer);
        await settle();
      }
      monotonic = target;
    },
    async until(done, limitMs = 3_600_000) {
      const target = monotonic + limitMs;
      await settle();
      while (!done()) {
        const timer = timers.next();
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
