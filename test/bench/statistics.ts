export const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

/** NaN of none. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The furthest that one of them lies from the median, as a share of it: 0.1 is ±10 %. Null: one alone says nothing about that. */
export type Noise = number | null;

/** Of a figure that says something. */
export const MOST_NOISE = 1;

export function noiseOf(values: readonly number[]): Noise {
  if (values.length < 2) return null;
  const middle = median(values);
  return Math.max(...values.map((value) => Math.abs(value / middle - 1)));
}

/** "±7 %"; "?" */
export const plusMinus = (noise: Noise): string =>
  noise === null ? "?" : `±${(100 * noise).toFixed(0)} %`;
