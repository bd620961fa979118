import { expect, it } from "vitest";
import { judgeStarts, type Round, startTable } from "../../bench/start-table.ts";

const round = (acknowledgedMs: number, coldExtraMs = 100): Round => ({
  emptyNode: { cold: { endMs: 30 + coldExtraMs }, warm: { endMs: 30 } },
  pipit: {
    cold: { readyMs: 150 + coldExtraMs, acknowledgedMs: acknowledgedMs + coldExtraMs },
    warm: { readyMs: 150, acknowledgedMs },
  },
});

it("takes medians, and those of the ratios to an empty Node in the same round", () => {
  const lines = judgeStarts([round(900), round(165), round(160)]);
  expect(lines.at(-1)).toEqual({
    what: "pipit, to the first acknowledged value",
    coldMs: 265,
    warmMs: 165,
    coldRatio: { value: 265 / 130, noise: expect.closeTo(1000 / 265 - 1) },
    warmRatio: { value: 5.5, noise: 30 / 5.5 - 1 },
    limitMs: 300,
    kept: true,
  });
  expect(startTable(lines)).not.toContain("BROKEN");
});

it("says so when the first value takes too long", () => {
  const lines = judgeStarts([round(301)]);
  expect(lines.map(({ kept }) => kept)).toEqual([true, true, false]);
  expect(startTable(lines)).toMatch(/first acknowledged value .* 300 ms +BROKEN$/);
});

it("calls nothing cold that was not", () => {
  expect(() => judgeStarts([round(160, 0)])).toThrow(/pages do not leave the memory/);
});

it("has no result without a round", () => {
  expect(() => judgeStarts([])).toThrow(/NaN/);
});
