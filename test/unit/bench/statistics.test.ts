import { expect, it } from "vitest";
import { mean, median, noiseOf, plusMinus } from "../../bench/statistics.ts";

it("has the mean, and the median, which one that is far off does not move", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(median([1, 60, 2])).toBe(2);
  expect(median([])).toBeNaN();
});

it("calls noise how far the furthest of a few lies from the median, on either side", () => {
  expect(noiseOf([10, 9, 10.5])).toBeCloseTo(0.1);
  expect(noiseOf([10, 9, 12])).toBeCloseTo(0.2);
  expect(plusMinus(noiseOf([10, 9, 12]))).toBe("±20 %");
});

it("leaves out of many at each end what the median lies within with 95 % all the same", () => {
  const around = (count: number) =>
    Array.from({ length: count }, (_, index) => 100 + index - (count - 1) / 2);
  // By the table of the binomial distribution: 0, 1, 3 and 9 at each end.
  expect(noiseOf([...around(5)])).toBeCloseTo(0.02);
  expect(noiseOf(around(7))).toBeCloseTo(0.03);
  expect(noiseOf(around(9))).toBeCloseTo(0.03);
  expect(noiseOf(around(15))).toBeCloseTo(0.04);
  expect(noiseOf(around(29))).toBeCloseTo(0.06);
  expect(noiseOf([1, ...around(9).slice(1, -1), 900])).toBeCloseTo(0.03);
});

it("knows none of one alone", () => {
  expect(noiseOf([10])).toBeNull();
  expect(plusMinus(noiseOf([10]))).toBe("?");
});
