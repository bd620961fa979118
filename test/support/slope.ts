/** Of the standard normal distribution: nine in ten lie within it. */
const NINE_IN_TEN = 1.645;

/** The median of the slopes of all pairs (Theil and Sen), a step: one odd value does not move it. */
export function slope(values: readonly number[]): number {
  const slopes = slopesOf(values);
  return slopes[Math.floor(slopes.length / 2)] ?? 0;
}

/**
 * Where the true slope lies, nine times in ten (P. K. Sen, 1968, by Kendall's variance). With four values that is all their slopes, and
 * with fewer nothing can be said: null.
 */
export function slopeBounds(
  values: readonly number[],
): { readonly least: number; readonly most: number } | null {
  const slopes = slopesOf(values);
  const n = values.length;
  const spread = NINE_IN_TEN * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const outside = Math.floor((slopes.length - spread) / 2);
  const [least, most] = [slopes[outside], slopes[slopes.length - 1 - outside]];
  return least === undefined || most === undefined ? null : { least, most };
}

/** Of all pairs, in order. */
const slopesOf = (values: readonly number[]): readonly number[] =>
  values
    .flatMap((value, at) => values.slice(at + 1).map((later, gap) => (later - value) / (gap + 1)))
    .toSorted((one, other) => one - other);
