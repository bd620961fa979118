import { expect, it } from "vitest";
import { slope, slopeBounds } from "../../support/slope.ts";

it("does not take one odd value for a slope", () => {
  expect(slope([10, 10, 900, 10, 10])).toBe(0);
  expect(slope([0, 5, 10, 15])).toBe(5);
  expect(slope([])).toBe(0);
});

it("bounds a slope by those of all pairs: by all of them with four values, by fewer with more", () => {
  expect(slopeBounds([0, 5, 10, 15])).toEqual({ least: 5, most: 5 });
  expect(slopeBounds([10, 12, 11, 13])).toEqual({ least: -1, most: 2 });
  // One odd value at the end of ten reaches neither bound.
  const bounds = slopeBounds([0, 1, 2, 3, 4, 5, 6, 7, 8, 900]);
  expect(bounds).toEqual({ least: 1, most: 1 });
});

it("says nothing of a slope by three values", () => {
  expect(slopeBounds([0, 5, 10])).toBeNull();
  expect(slopeBounds([])).toBeNull();
});
