import type { Clock } from "../ports.ts";
import { sleep } from "../timing.ts";

export interface Pace {
  /** Resolves when one more message may leave, and counts it; rejects with the signal's reason. */
  admit(signal: AbortSignal): Promise<void>;
}

/**
 * At most `perSecond` new message IDs in any second of one source port. Californium recognises a repeated
 * request by its message ID alone, so an ID that came back too soon would be "answered" and never processed.
 */
export function createPace(clock: Clock, perSecond: number): Pace {
  /** Send times of the last `perSecond` messages, as a ring. */
  const times = new Float64Array(perSecond).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  const waitMs = () => (times[next] ?? 0) + 1_000 - clock.monotonic();

  return {
    async admit(signal) {
      signal.throwIfAborted();
      for (let wait = waitMs(); wait > 0; wait = waitMs()) await sleep(clock, wait, signal);
      times[next] = clock.monotonic();
      next = (next + 1) % perSecond;
    },
  };
}
