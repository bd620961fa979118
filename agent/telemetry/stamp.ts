import type { Clock } from "../ports.ts";

/** A clock set back by more than this is believed. */
const CLOCK_STEP_MS = 1_000;

/** Stamps that a clock which was set back must not give again: 11 hours at one every 10 s. */
const REMEMBERED = 4_096;

/**
 * Gives each sample its `ts`: now, but never one that was given before, nor a slightly earlier one. The server stores by
 * (device, key, ts): two samples never share a millisecond. `lastTs`: of the run before, which may be of this very moment.
 */
export function createStamp(clock: Clock, lastTs = 0): () => number {
  const given = new Float64Array(REMEMBERED);
  let next = 0;
  let last = lastTs;
  /** Beyond it none was ever given. */
  let highest = lastTs;
  const free = (ts: number): number => (ts <= highest && given.includes(ts) ? free(ts + 1) : ts);
  return () => {
    const nowMs = Math.floor(clock.now());
    last = free(nowMs > last || last - nowMs > CLOCK_STEP_MS ? nowMs : last + 1);
    highest = Math.max(highest, last);
    given[next] = last;
    next = (next + 1) % REMEMBERED;
    return last;
  };
}
