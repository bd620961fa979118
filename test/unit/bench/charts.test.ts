import { expect, it } from "vitest";
import { barChart } from "../../bench/bar-chart.ts";
import { lineChart } from "../../bench/line-chart.ts";
import { shown, ticks } from "../../support/svg.ts";

it("has round numbers on an axis, from 0 to what is shown or a little above", () => {
  expect(ticks(53)).toEqual([0, 20, 40, 60]);
  expect(ticks(60)).toEqual([0, 20, 40, 60]);
  expect(ticks(0.33)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
  expect(ticks(0)).toEqual([0, 1]);
  for (const most of [1e-3, 0.7, 9.99, 10, 10.01, 24_851]) {
    const marks = ticks(most);
    expect(marks.at(-1)).toBeGreaterThanOrEqual(most);
    expect(marks.at(-2)).toBeLessThan(most);
    expect(marks.length).toBeLessThanOrEqual(6);
  }
});

it("writes a figure with three digits, or all of a whole number", () => {
  expect([0.3312, 2.184, 61.13, 24_851.4].map(shown)).toEqual(["0.331", "2.18", "61.1", "24,851"]);
});

it("draws bars whose lengths are in proportion, from 0, on a background of their own", () => {
  const svg = barChart({
    title: "CPU for a report, ms",
    series: ["CPU"],
    groups: [
      { label: "C <floor>", values: [10] },
      { label: "pipit", values: [40] },
    ],
  });
  const [first = 0, second = 0] = [...svg.matchAll(/class="bar0"[^>]* width="([\d.]+)"/g)].map(
    ([, width]) => Number(width),
  );
  expect(first).toBeGreaterThan(0);
  expect(second / first).toBeCloseTo(4, 2);
  expect(svg).toContain('<rect width="100%" height="100%" fill="#fff"/>');
  expect(svg).toContain("C &lt;floor&gt;");
  expect(svg).toContain("CPU for a report, ms");
});

it("tells series apart, where there are several", () => {
  const chart = { title: "Memory, MB", groups: [{ label: "pipit", values: [19, 61] }] };
  expect(barChart({ ...chart, series: ["RssAnon", "RSS"] })).toMatch(/>RssAnon<.*\n.*>RSS</);
  expect(barChart({ ...chart, series: ["RSS"] })).not.toContain(">RSS<");
});

const line = (isLogarithmic: boolean) =>
  lineChart({
    ...{ title: "CPU for a report, ms", across: "samples that wait", isLogarithmic },
    lines: [
      { name: "measured", points: [0, 1, 10, 100].map((at) => ({ at, value: 2 + at / 10 })) },
      { name: "possible", points: [0, 100].map((at) => ({ at, value: 2 + at / 10 })) },
    ],
  });

it("draws what grows in proportion as a straight line, on an axis that does not", () => {
  const [, path = ""] = /class="line0" points="([^"]+)"/.exec(line(false)) ?? [];
  const points = path.split(" ").map((point) => point.split(",").map(Number));
  const slopes = points.slice(1).map(([x = 0, y = 0], index) => {
    const [fromX = 0, fromY = 0] = points[index] ?? [];
    return (y - fromY) / (x - fromX);
  });
  expect(slopes).toHaveLength(3);
  for (const slope of slopes) expect(slope).toBeCloseTo(slopes[2] ?? 0, 1);
});

it("leaves out labels that would lie upon another", () => {
  const labels = (svg: string) =>
    [...svg.matchAll(/y="268\.0" text-anchor="middle">([^<]+)</g)].map(([, label]) => label);
  expect(labels(line(false))).toEqual(["100", "10", "0"]);
  expect(labels(line(true))).toEqual(["100", "10", "1", "0"]);
  expect(line(true)).not.toMatch(/NaN|Infinity/);
});
