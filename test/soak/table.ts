import { slope } from "../support/slope.ts";
import type { Settled } from "./settled.ts";

const HOUR_MS = 3_600_000;

const rows: readonly (readonly [string, keyof Settled, number])[] = [
  ["RssAnon, MB", "rssAnonMb", 2],
  ["RSS, MB", "rssMb", 2],
  ["heap, MB (second board)", "heapMb", 3],
  ["descriptors", "descriptors", 0],
  ["threads", "threads", 0],
  ["CPU, ms a report", "cpuMsPerReport", 2],
];

/** The settled state of the first cycle after the warm-up and of the last, and the slope over all of them. */
export function soakTable(settled: readonly Settled[], cycleMs: number): readonly string[] {
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(26) : cell.padStart(10)))
      .join("")
      .trimEnd();
  return [
    line(["", "start", "end", "an hour"]),
    ...rows.map(([name, key, digits]) => {
      const values = settled.map((state) => state[key]);
      const ends = [values[0], values.at(-1)].map((value) => value?.toFixed(digits) ?? "-");
      const hourly = values.length > 1 ? (slope(values) * HOUR_MS) / cycleMs : null;
      return line([name, ...ends, hourly?.toFixed(Math.max(1, digits)) ?? "-"]);
    }),
  ];
}
