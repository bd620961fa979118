import type { Collect, Readings } from "../../agent/ports.ts";

/** One look of a collector at a moment of the monotonic clock. */
export const lookAt = (collect: Collect, monotonicMs: number): Promise<Readings | null> =>
  collect({ monotonicMs, signal: new AbortController().signal });
