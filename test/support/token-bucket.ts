/** A rate limit of ThingsBoard: "20:1,600:60" holds 20 and refills at 10 a second. What is refused costs nothing. */
export function tokenBucket(options: {
  readonly nowMs: () => number;
  readonly capacity: number;
  readonly perSecond: number;
}) {
  const { nowMs, capacity, perSecond } = options;
  let tokens = capacity;
  let filledAtMs = nowMs();
  return {
    take(count: number): boolean {
      tokens = Math.min(capacity, tokens + ((nowMs() - filledAtMs) / 1_000) * perSecond);
      filledAtMs = nowMs();
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
  };
}
