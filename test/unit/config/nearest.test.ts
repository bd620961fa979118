import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../../../agent/config/nearest.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["interval", "interval", 0],
    ["intervall", "interval", 1],
    ["interval", "intrval", 1],
    ["interval", "imterval", 1],
    ["interval", "intevral", 1],
    ["kitten", "sitting", 3],
  ])("of %j and %j is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe("nearest", () => {
  const names = ["interval", "phase", "serial", "serial8", "url"];

  it.each([
    ["intervall", "interval"],
    ["Interval", "interval"],
    ["phsae", "phase"],
    ["serial9", "serial8"],
    ["ur", "url"],
    ["period", null],
    ["x", null],
    ["interval".repeat(1_000), null],
  ])("of %.20s is %s", (word, found) => expect(nearest(word, names)).toBe(found));
});
