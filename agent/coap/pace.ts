import type { Clock } from "../ports.ts";
import { sleep } from "../timing.ts";

export interface Pace {
  /** One more message may leave, now or when it resolves, and counts; the signal's reason is thrown or rejected with. */
  admit(signal: AbortSignal): Promise<void> | null;
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

  const count = () => {
    times[next] = clock.monotonic();
    next = (next + 1) % perSecond;
  };
  const wait = async (signal: AbortSignal) => {
    for (let ms = waitMs(); ms > 0; ms = waitMs()) await sleep(clock, ms, signal);
    count();
  };

  return {
    admit(signal) {
      signal.throwIfAborted();
      if (waitMs() > 0) return wait(signal);
      count();
      return null;
    },
  };
}
