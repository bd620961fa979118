import { describe, expect, it } from "vitest";
import { createPace, perSecond } from "../../../agent/collectors/rate.ts";

describe("a counter", () => {
  it("gives its growth per second", () => {
    expect(perSecond(1_000, 51_000, 10_000)).toBe(5_000);
    expect(perSecond(7, 7, 10_000)).toBe(0);
  });

  it("has no rate without a baseline", () => expect(perSecond(undefined, 5, 1_000)).toBeNull());

  it("has no rate when it fell: a reset and a wrap look the same", () => {
    expect(perSecond(4_294_960_000, 5_000, 10_000)).toBeNull();
  });
});

describe("the pace of looks", () => {
  const gapsOf = (times: readonly number[]) => times.map(createPace());

  it("measures from look to look", () => {
    expect(gapsOf([0, 1_000, 61_000])).toEqual([null, 1_000, null]);
    expect(gapsOf([5, 60_005, 120_005])).toEqual([null, 60_000, 60_000]);
  });

  it("drops a gap of more than three usual ones, and only that one", () => {
    expect(gapsOf([0, 10, 20, 50, 81, 91])).toEqual([null, 10, 10, 30, 31, 10]);
    expect(gapsOf([0, 10, 20, 51, 61])).toEqual([null, 10, 10, null, 10]);
  });

  it("gives nothing when no time passed", () => {
    expect(gapsOf([0, 10, 10, 5, 15])).toEqual([null, 10, null, null, 10]);
  });

  it("accepts a longer interval after one lost beat", () => {
    expect(gapsOf([0, 10, 20, 120, 220, 320])).toEqual([null, 10, 10, null, 100, 100]);
  });

  it("does not take one early look for a new interval", () => {
    expect(gapsOf([0, 60, 120, 121, 180, 240])).toEqual([null, 60, 60, 1, 59, 60]);
  });
});
