import { expect, it } from "vitest";
import { type DrainResult, drainTable, possible, tooSlow } from "../../bench/drain-table.ts";

const result = (...rates: readonly (readonly [roundTripMs: number, perSecond: number])[]) => ({
  ...{ places: 4, mostPerSecond: 200 },
  points: rates.map(([roundTripMs, messagesPerSecond]) => ({
    ...{ roundTripMs, messagesPerSecond, samplesPerSecond: 4 * messagesPerSecond },
    ...{ cpuMsPerSample: 0.2, noise: { rate: 0.01, cpu: 0.05 } },
  })),
});

it("has four messages a round trip for what is possible, and its own bound", () => {
  const none: DrainResult = result();
  expect([1, 10, 50, 200].map((ms) => possible(none, ms))).toEqual([200, 200, 80, 20]);
});

it("is too slow below 60 % of that", () => {
  expect(tooSlow(result([10, 120], [50, 48.1], [200, 12]))).toEqual([]);
  expect(tooSlow(result([10, 119], [50, 47.9], [200, 20]))).toEqual([
    "119.0 messages/s at a round trip of 10 ms, where 200 are possible",
    "47.9 messages/s at a round trip of 50 ms, where 80 are possible",
  ]);
  expect(tooSlow(result([10, Number.NaN]))).toHaveLength(1);
});

it("shows each round trip with its share", () => {
  expect(
    drainTable(result([50, 76.2]))
      .split("\n")
      .at(-1),
  ).toMatch(/^ +50 ms +76\.2 +80 +95 % +305 +±1 % +0\.200 +±5 %$/);
});
