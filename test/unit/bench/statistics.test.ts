import { expect, it } from "vitest";
import { mean, median, noiseOf, plusMinus } from "../../bench/statistics.ts";

it("has the mean, and the median, which one that is far off does not move", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(median([1, 60, 2])).toBe(2);
  expect(median([])).toBeNaN();
});

it("calls noise how far the furthest lies from the median, on either side", () => {
  expect(noiseOf([10, 9, 10.5])).toBeCloseTo(0.1);
  expect(noiseOf([10, 9, 12])).toBeCloseTo(0.2);
  expect(plusMinus(noiseOf([10, 9, 12]))).toBe("±20 %");
});

it("knows none of one alone", () => {
  expect(noiseOf([10])).toBeNull();
  expect(plusMinus(noiseOf([10]))).toBe("?");
});
