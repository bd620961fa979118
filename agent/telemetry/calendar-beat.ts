import type { Clock } from "../ports.ts";

/** The wall clock has moved against the monotonic one by more than this: it was set. */
const CLOCK_STEP_MS = 2_000;
/** A clock that is set while we sleep is noticed after so long. */
const LONGEST_SLEEP_MS = 30_000;
const SHORTEST_SLEEP_MS = 5;
/** A time that comes again within this, because the clock was set back, has had its job; later it is another time. */
const SAME_TIME_MS = 30 * 60_000;

/**
 * Calls `job` at wall-clock times. `next` gives the next one after now, in epoch milliseconds. When the clock is set, the
 * next time is computed anew: what lay in between is neither made up for nor waited for, and a time that has just had its
 * job does not have it twice because the clock went back a little.
 */
export function onCalendar(clock: Clock, next: () => number, job: () => void): Disposable {
  let dueMs = next();
  let done = { dueMs: 0, monotonicMs: Number.NEGATIVE_INFINITY };
  let offsetMs = clock.now() - clock.monotonic();
  let timer: Disposable;
  const arm = () => {
    const restMs = Math.max(dueMs - clock.now(), SHORTEST_SLEEP_MS);
    timer = clock.after(Math.min(restMs, LONGEST_SLEEP_MS), tick);
  };
  const tick = () => {
    const stepMs = clock.now() - clock.monotonic() - offsetMs;
    // From tick to tick: a clock that drifts is not one that was set.
    offsetMs += stepMs;
    const isSet = Math.abs(stepMs) > CLOCK_STEP_MS;
    const isDue = clock.now() >= dueMs;
    const isDone = dueMs === done.dueMs && clock.monotonic() - done.monotonicMs < SAME_TIME_MS;
    if (isDue && !isSet && !isDone) {
      done = { dueMs, monotonicMs: clock.monotonic() };
      job();
    }
    if (isDue || isSet) dueMs = next();
    arm();
  };
  arm();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
