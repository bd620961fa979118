import type { Clock } from "../ports.ts";
import { againFrom, freshFrom } from "./lanes.ts";

/** A clock set back by more than this is believed. */
const CLOCK_STEP_MS = 1_000;

/** Stamps that a clock which was set back must not give again: 11 hours at one every 10 s. */
const REMEMBERED = 4_096;

/** What earlier runs gave. */
export interface GivenBefore {
  /** Nothing beyond it. */
  readonly lastTs: number;
  /** How often a time was passed through anew of which nobody remembers the stamps. */
  readonly passes: number;
}

export interface StampDeps {
  readonly clock: Clock;
  readonly before: GivenBefore;
  /** The clock was set back; to be told to the next run. */
  readonly onSetBack: (given: GivenBefore) => void;
}

/**
 * Gives each sample its `ts`: now, but never one that was given before, nor a slightly earlier one. The server stores by
 * (device, key, ts): two samples never share a millisecond. Where the clock was set back, the stamps of this run are
 * remembered; where they are not, because there were too many or another run gave them, a lane keeps the new ones apart.
 */
export function createStamp({ clock, before, onSetBack }: StampDeps): () => number {
  const given = new Float64Array(REMEMBERED);
  let next = 0;
  let last = before.lastTs;
  /** The latest that the clock has shown since it was set back. */
  let latestMs = before.lastTs;
  /** Beyond it none was ever given. */
  let highest = before.lastTs;
  /** Up to it there may be stamps that are not in `given`. */
  let forgottenTo = before.lastTs;
  let { passes } = before;

  const place = (ms: number) => (ms > forgottenTo ? freshFrom(ms) : againFrom(ms, passes));
  const isTaken = (ts: number) => ts <= highest && given.includes(ts);

  return () => {
    const nowMs = Math.floor(clock.now());
    const isSetBack = latestMs - nowMs > CLOCK_STEP_MS;
    if (isSetBack) {
      if (nowMs <= forgottenTo) passes++;
      onSetBack({ lastTs: highest, passes });
    }
    latestMs = isSetBack ? nowMs : Math.max(latestMs, nowMs);
    // More samples than milliseconds: their stamps run ahead of the clock for a while.
    last = place(nowMs > last || isSetBack ? nowMs : last + 1);
    while (isTaken(last)) last = place(last + 1);
    highest = Math.max(highest, last);
    forgottenTo = Math.max(forgottenTo, given[next] ?? 0);
    given[next] = last;
    next = (next + 1) % REMEMBERED;
    return last;
  };
}
