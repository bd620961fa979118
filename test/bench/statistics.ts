export const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

/** NaN of none. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** How far a median may be off, as a share of it: 0.1 is ±10 %. Null: one value alone says nothing about that. */
export type Noise = number | null;

/** How likely the true median is to lie within the noise, where there are enough values: six. */
const CONFIDENCE = 0.95;

/** Of a figure that says something. */
export const MOST_NOISE = 1;

/**
 * The further end of the interval that the median of more such values lies in, whatever their distribution: as many of the least and of the
 * greatest are left out as `CONFIDENCE` allows, which of nine is one of each. Of five and fewer none is: three hold it with 75 %.
 */
export function noiseOf(values: readonly number[]): Noise {
  if (values.length < 2) return null;
  const middle = median(values);
  const out = leftOut(values.length);
  const within = values.toSorted((a, b) => a - b).slice(out, values.length - out);
  return Math.max(...within.map((value) => Math.abs(value / middle - 1)));
}

/** At each end. Each value is as likely to lie below the median as above it, so how many do is of the binomial distribution. */
function leftOut(count: number): number {
  const most = ((1 - CONFIDENCE) / 2) * 2 ** count;
  let ways = 1; // in which `out` of them lie below
  for (let out = 0, all = ways; ; out++, all += ways) {
    ways = (ways * (count - out)) / (out + 1); // in which one more does
    if (all + ways > most) return out;
  }
}

/** "±7 %"; "?" */
export const plusMinus = (noise: Noise): string =>
  noise === null ? "?" : `±${(100 * noise).toFixed(0)} %`;
