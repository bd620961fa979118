import { expect, it } from "vitest";
import { type Curve, cliffs, growthTable, pointsOf } from "../../bench/growth-table.ts";

const curve = (share: number, ...cpuMs: readonly number[]): Curve => ({
  ...{ of: "sensors", share },
  points: cpuMs.map((each, index) => ({
    at: [0, 1, 10, 100][index] ?? 0,
    cpuMs: each,
    ratio: each / (cpuMs[0] ?? 1),
    noise: 0.04,
  })),
});
const flat = (...cpuMs: readonly number[]) => curve(0, ...cpuMs);
const rising = (...cpuMs: readonly number[]) => curve(0.08, ...cpuMs);

it("takes a straight line and a flat one for what they are, and a step in between for a cliff", () => {
  expect(cliffs([rising(2.02, 2.34, 3.11, 13.9), flat(1.85, 2.12, 2.22, 2.12)])).toEqual([]);
  expect(cliffs([rising(2, 2, 9, 12)])).toEqual(["9.00 ms a report with 10 sensors"]);
  expect(cliffs([flat(2), { of: "nothing", share: 0, points: [] }])).toEqual([]);
});

it("finds a cliff at the last point, too, to which the line between the ends leads", () => {
  expect(cliffs([rising(2, 2.01, 3, 102)])).toEqual(["102.00 ms a report with 100 sensors"]);
  expect(cliffs([flat(2.8, 3, 3.2, 60), flat(2.4, 2.4, 2.5, 24)])).toHaveLength(2);
});

it("finds one also before the end of a curve that rises less than it may", () => {
  expect(cliffs([rising(2, 2, 6, 7)])).toEqual(["6.00 ms a report with 10 sensors"]);
});

it("takes what is no number for a cliff", () => {
  expect(cliffs([flat(2, Number.NaN, 2, 2)])).toHaveLength(1);
});

it("takes the ratio to the first point in each window, whatever that window was like", () => {
  const [first, other] = pointsOf([
    { at: 0, costs: [2, 4, 3] },
    { at: 10, costs: [4, 8, 6.6] },
  ]);
  expect(first).toEqual({ at: 0, cpuMs: 3, ratio: 1, noise: 0 });
  expect(other).toMatchObject({ at: 10, cpuMs: 6.6, ratio: 2 });
  expect(other?.noise).toBeCloseTo(0.1);
});

it("prints each point with its ratio to the first of the curve", () => {
  expect(growthTable([rising(2, 3, 4, 8)]).split("\n")).toEqual([
    "sensors",
    "        0     2.00 ms    1.00 x    ±4 %",
    "        1     3.00 ms    1.50 x    ±4 %",
    "       10     4.00 ms    2.00 x    ±4 %",
    "      100     8.00 ms    4.00 x    ±4 %",
  ]);
});
