import { median, type Noise, noiseOf, plusMinus } from "./statistics.ts";

interface Point {
  readonly at: number;
  readonly cpuMs: number;
  /** To the first point of the curve, in the same window. */
  readonly ratio: number;
  /** Of `ratio`. */
  readonly noise: Noise;
}

/** Of one point: its cost in each window, in ms. */
export interface Costs {
  readonly at: number;
  readonly costs: readonly number[];
}

/** Medians, by windows at the same time. */
export function pointsOf(measured: readonly Costs[]): readonly Point[] {
  const first = measured[0]?.costs ?? [];
  return measured.map(({ at, costs }) => {
    const ratios = costs.map((cost, window) => cost / (first[window] ?? Number.NaN));
    return { at, cpuMs: median(costs), ratio: median(ratios), noise: noiseOf(ratios) };
  });
}

export interface Curve {
  /** "sensors" */
  readonly of: string;
  /** What each of these may add to a report, as a share of the first point; 0: it is flat. */
  readonly share: number;
  /** CPU time of one report, in ms, by rising `at`. */
  readonly points: readonly Point[];
}

/** More than what grows in proportion, or flat, would show on a noisy machine. */
export const CLIFF = 2;

/**
 * Points at which a report costs more than `CLIFF` times what the curve's `share` allows there, or what a straight line through the
 * first point and the last has. The second alone would let the last point pass, wherever it lies.
 */
export function cliffs(curves: readonly Curve[]): readonly string[] {
  return curves.flatMap(({ of, share, points }) => {
    const [first, last] = [points.at(0), points.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const slopes = [share * first.cpuMs, (last.cpuMs - first.cpuMs) / (last.at - first.at)];
    const most = (at: number) => CLIFF * (first.cpuMs + Math.min(...slopes) * (at - first.at));
    return points
      .filter(({ at, cpuMs }) => !(cpuMs <= most(at)))
      .map(({ at, cpuMs }) => `${cpuMs.toFixed(2)} ms a report with ${at} ${of}`);
  });
}

export function growthTable(curves: readonly Curve[]): string {
  return curves
    .flatMap(({ of, points }) => [
      of,
      ...points.map(
        ({ at, cpuMs, ratio, noise }) =>
          `${String(at).padStart(9)}  ${cpuMs.toFixed(2).padStart(7)} ms  ${ratio.toFixed(2).padStart(6)} x  ${plusMinus(noise).padStart(6)}`,
      ),
    ])
    .join("\n");
}
