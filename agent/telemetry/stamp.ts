import type { Clock } from "../ports.ts";

/** A clock set back by more than this is believed. */
const CLOCK_STEP_MS = 1_000;

/**
 * Gives each sample its `ts`: now, but never one that was given before, nor an earlier one. The server stores by
 * (device, key, ts): two samples in a row never share a millisecond, nor swap places.
 */
export function createStamp(clock: Clock): () => number {
  let lastTs = 0;
  return () => {
    const nowMs = clock.now();
    lastTs = nowMs > lastTs || lastTs - nowMs > CLOCK_STEP_MS ? nowMs : lastTs + 1;
    return lastTs;
  };
}
