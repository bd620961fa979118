import type { Clock } from "../ports.ts";

/** Longest delay setTimeout takes; above it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of this machine; tests bring their own. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** A clock whose timers can be cancelled all at once: a restart or a close leaves none behind. */
export function createTimers(clock: Clock): Clock & { clear(): void } {
  const armed = new Set<Disposable>();
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    after(ms, task) {
      const timer = clock.after(ms, () => {
        armed.delete(entry);
        task();
      });
      const entry = {
        [Symbol.dispose]() {
          armed.delete(entry);
          timer[Symbol.dispose]();
        },
      };
      armed.add(entry);
      return entry;
    },
    clear() {
      for (const timer of [...armed]) timer[Symbol.dispose]();
    },
  };
}
