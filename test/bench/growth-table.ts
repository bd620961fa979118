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
  /** CPU time of one report, in ms, by rising `at`. */
  readonly points: readonly Point[];
}

/** More than what grows in proportion, or flat, would show on a noisy machine. */
const CLIFF = 2;

/**
 * A step from one point to the next at which a report costs more than `CLIFF` times what a straight line through the first point
 * and the last would have it cost there.
 */
export function cliffs(curves: readonly Curve[]): readonly string[] {
  return curves.flatMap(({ of, points }) => {
    const [first, last] = [points.at(0), points.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const slope = (last.cpuMs - first.cpuMs) / (last.at - first.at);
    return points
      .filter(({ at, cpuMs }) => cpuMs > CLIFF * (first.cpuMs + slope * (at - first.at)))
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
