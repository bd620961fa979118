import { expect, it } from "vitest";
import { type Curve, cliffs, growthTable } from "../../bench/growth-table.ts";

const curve = (...cpuMs: readonly number[]): Curve => ({
  of: "sensors",
  points: cpuMs.map((each, index) => ({
    at: [0, 1, 10, 100][index] ?? 0,
    cpuMs: each,
    noise: 0.04,
  })),
});

it("takes a straight line and a flat one for what they are, and a step in between for a cliff", () => {
  expect(cliffs([curve(2, 2.1, 3, 12), curve(2, 2.2, 1.9, 2)])).toEqual([]);
  expect(cliffs([curve(2, 2, 9, 12)])).toEqual(["9.00 ms a report with 10 sensors"]);
  expect(cliffs([curve(2), { of: "nothing", points: [] }])).toEqual([]);
});

it("prints each point with its ratio to the first of the curve", () => {
  expect(growthTable([curve(2, 3, 4, 8)]).split("\n")).toEqual([
    "sensors",
    "        0     2.00 ms    ±4 %    1.00 x",
    "        1     3.00 ms    ±4 %    1.50 x",
    "       10     4.00 ms    ±4 %    2.00 x",
    "      100     8.00 ms    ±4 %    4.00 x",
  ]);
});
