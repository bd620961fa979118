import { expect, it } from "vitest";
import { type Curve, cliffs, growthPlot, growthTable } from "../../bench/growth-table.ts";

const curve = (...cpuMs: readonly number[]): Curve => ({
  of: "sensors",
  points: cpuMs.map((each, index) => ({ at: [0, 1, 10, 100][index] ?? 0, cpuMs: each })),
});

it("takes a straight line and a flat one for what they are, and a step in between for a cliff", () => {
  expect(cliffs([curve(2, 2.1, 3, 12), curve(2, 2.2, 1.9, 2)])).toEqual([]);
  expect(cliffs([curve(2, 2, 9, 12)])).toEqual(["9.00 ms a report with 10 sensors"]);
  expect(cliffs([curve(2), { of: "nothing", points: [] }])).toEqual([]);
});

it("prints each point with its ratio to the first of the curve, and draws it", () => {
  expect(growthTable([curve(2, 3, 4, 8)]).split("\n")).toEqual([
    "sensors",
    "        0     2.00 ms    1.00 x",
    "        1     3.00 ms    1.50 x",
    "       10     4.00 ms    2.00 x",
    "      100     8.00 ms    4.00 x",
  ]);
  const svg = growthPlot([curve(2, 3, 4, 8), curve(1, 1, 1, 1)]);
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg.match(/<circle/g)).toHaveLength(8);
  expect(svg).not.toMatch(/NaN|Infinity/);
});
