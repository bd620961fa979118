import { type Noise, plusMinus } from "./statistics.ts";

interface Point {
  readonly at: number;
  readonly cpuMs: number;
  /** The furthest that a window lies from `cpuMs`, as a share of it. */
  readonly noise: Noise;
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
    .flatMap(({ of, points }) => {
      const least = points[0]?.cpuMs ?? Number.NaN;
      return [
        of,
        ...points.map(
          ({ at, cpuMs, noise }) =>
            `${String(at).padStart(9)}  ${cpuMs.toFixed(2).padStart(7)} ms  ${plusMinus(noise).padStart(6)}  ${(cpuMs / least).toFixed(2).padStart(6)} x`,
        ),
      ];
    })
    .join("\n");
}
