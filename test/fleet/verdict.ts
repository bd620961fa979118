import type { Course } from "./course.ts";

/** Of the arrivals in one second to their mean, from power-on to the last board online. */
const MOST_PEAK = 3;
/** Of the heap, in bytes for each report of the fleet. */
const MOST_BYTES_PER_REPORT = 10;

export interface Line {
  readonly what: string;
  readonly found: string;
  readonly limit: string;
  readonly kept: boolean;
}

/** What has to hold of a fleet. */
export function judge(course: Course): readonly Line[] {
  const { chapters, soakHeap, balance } = course;
  const storms = chapters.filter(({ isPowerOn }) => isPowerOn);
  const soak = chapters.at(-1);
  const growth = slope(soakHeap) * Math.max(0, soakHeap.length - 1);
  const perReport = growth / (soak?.requests ?? 0);
  return [
    ...storms.map(({ name, peakPerSecond, meanPerSecond }) => ({
      what: `${name}: peak of one second to the mean`,
      found: (peakPerSecond / meanPerSecond).toFixed(2),
      limit: String(MOST_PEAK),
      kept: peakPerSecond <= MOST_PEAK * meanPerSecond,
    })),
    {
      what: "samples that are neither stored nor waiting, or stored and never accepted",
      found: String(balance.off),
      limit: "0",
      kept: balance.off === 0,
    },
    ...(soakHeap.length > 2
      ? [
          {
            what: "soak: heap that stays, bytes a report",
            found: perReport.toFixed(1),
            limit: String(MOST_BYTES_PER_REPORT),
            kept: perReport <= MOST_BYTES_PER_REPORT,
          },
        ]
      : []),
  ];
}

/** The median of the slopes of all pairs (Theil and Sen): one odd minute does not move it. */
export function slope(values: readonly number[]): number {
  const slopes = values.flatMap((value, at) =>
    values.slice(at + 1).map((later, gap) => (later - value) / (gap + 1)),
  );
  return slopes.toSorted((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? 0;
}
