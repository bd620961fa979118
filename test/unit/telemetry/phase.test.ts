import { expect, it } from "vitest";
import { firstBeatMs, phaseMs } from "../../../agent/telemetry/phase.ts";

it("spreads a fleet evenly over the interval, the same on every start", () => {
  const period = 10_000;
  const bins = new Array(10).fill(0);
  for (let board = 0; board < 10_000; board++) {
    const phase = phaseMs(`10000000${board.toString(16).padStart(8, "0")}`, period);
    bins[Math.floor(phase / 1_000)]++;
  }
  for (const count of bins) expect(count).toBeGreaterThan(800);
  expect(phaseMs("10000000abcdef01", period)).toBe(phaseMs("10000000abcdef01", period));
});

it.each([
  [0, 60_000],
  [100, 60_100],
  [29_999, 89_999],
  [30_000, 30_000],
  [59_999, 59_999],
])(
  "phase %i puts the first beat of a minute at %i ms, so that rates get a window",
  (phase, first) => {
    expect(firstBeatMs(phase, 60_000)).toBe(first);
  },
);
