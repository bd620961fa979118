import type { Clock } from "../ports.ts";

/** The wall clock has moved against the monotonic one by more than this: it was set. */
const CLOCK_STEP_MS = 2_000;
/** A clock that is set while we sleep is noticed after so long. */
const LONGEST_SLEEP_MS = 30_000;
const SHORTEST_SLEEP_MS = 5;

/**
 * Calls `job` at wall-clock times. `next` gives the next one after now, in epoch milliseconds. When the clock is set, the
 * next time is computed anew: what lay in between is neither made up for nor waited for.
 */
export function onCalendar(clock: Clock, next: () => number, job: () => void): Disposable {
  let dueMs = next();
  let offsetMs = clock.now() - clock.monotonic();
  let timer: Disposable;
  const arm = () => {
    const restMs = Math.max(dueMs - clock.now(), SHORTEST_SLEEP_MS);
    timer = clock.after(Math.min(restMs, LONGEST_SLEEP_MS), tick);
  };
  const tick = () => {
    const stepMs = clock.now() - clock.monotonic() - offsetMs;
    const isDue = clock.now() >= dueMs;
    if (Math.abs(stepMs) > CLOCK_STEP_MS) {
      offsetMs += stepMs;
      dueMs = next();
    } else if (isDue) {
      dueMs = next();
      job();
    }
    arm();
  };
  arm();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
