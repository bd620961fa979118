import type { Clock } from "../ports.ts";

/**
 * ThingsBoard's "capacity:seconds" bucket with one second: full at the start, refilled evenly.
 * Zero per second is no limit.
 */
export function createRateLimit(clock: Clock) {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    /** Takes `amount` from the bucket of `name`, or nothing and false. */
    take(name: string, amount: number, perSecond: number): boolean {
      if (perSecond <= 0) return true;
      const now = clock.monotonic();
      const bucket = buckets.get(name) ?? { left: perSecond, at: now };
      const refilled = bucket.left + ((now - bucket.at) / 1_000) * perSecond;
      const left = Math.min(perSecond, refilled);
      const enough = left >= amount;
      buckets.set(name, { left: enough ? left - amount : left, at: now });
      return enough;
    },
    clear: () => buckets.clear(),
  };
}
