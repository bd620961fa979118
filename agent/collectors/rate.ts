/** A gap longer than this many usual ones is a stall: its mean would be shown as one beat's rate. */
const STALL_FACTOR = 3;

/** So many gaps tell what is usual; a single early look (`pipit sample`, an RPC) does not shift it. */
const REMEMBERED_GAPS = 4;

/**
 * Measures the gaps between the looks of one reader. Returns the milliseconds since the last look; null when they give
 * no rate: the first look, no time passed, or a stall (the process was stopped, the board slept).
 */
export function createPace(): (monotonicMs: number) => number | null {
  let lastMs: number | null = null;
  let gaps: readonly number[] = [];
  return (monotonicMs) => {
    const gapMs = lastMs === null ? 0 : monotonicMs - lastMs;
    const limitMs = gaps.length === 0 ? Number.POSITIVE_INFINITY : STALL_FACTOR * Math.max(...gaps);
    lastMs = monotonicMs;
    if (gapMs <= 0) return null;
    gaps = [...gaps, gapMs].slice(-REMEMBERED_GAPS);
    return gapMs > limitMs ? null : gapMs;
  };
}

/**
 * Growth of a counter per second. Null without a baseline, and when it fell: a reset and a 32-bit wrap cannot be told
 * apart, so nothing is added and this beat has no value.
 */
export function perSecond(before: number | undefined, now: number, gapMs: number): number | null {
  if (before === undefined || now < before) return null;
  return ((now - before) * 1000) / gapMs;
}

/** Sum of the growth over those of `names` that have a rate now; null when none has. */
export function sumPerSecond<Counters>(
  before: ReadonlyMap<string, Counters>,
  now: ReadonlyMap<string, Counters>,
  names: readonly string[],
  gapMs: number,
  pick: (counters: Counters) => number,
): number | null {
  let sum: number | null = null;
  for (const name of names) {
    const earlier = before.get(name);
    const later = now.get(name);
    const rate = later && perSecond(earlier && pick(earlier), pick(later), gapMs);
    if (typeof rate === "number") sum = (sum ?? 0) + rate;
  }
  return sum;
}
