import { expect, it } from "vitest";
import { degradationsOf } from "../../../agent/device/degradations.ts";

const sound = {
  journal: { problem: null, storage: "disk" },
  isClockTrusted: true,
  health: { values: new Map([["cpu", 3]]), failing: new Map() },
} as const;

const namesOf = (overrides: Partial<Parameters<typeof degradationsOf>[0]>) =>
  degradationsOf({ ...sound, ...overrides }).map(({ name }) => name);

it("a sound agent has none; memory by choice is none either", () => {
  expect(namesOf({})).toEqual([]);
  expect(namesOf({ journal: { problem: null, storage: "memory" } })).toEqual([]);
});

it("names the disk, the clock and the sensors", () => {
  expect(namesOf({ journal: { problem: "EROFS", storage: "memory" } })).toEqual(["storage"]);
  expect(namesOf({ isClockTrusted: false })).toEqual(["clock"]);
  expect(namesOf({ health: { values: new Map(), failing: new Map() } })).toEqual(["sensors"]);
});

it("names three sensors that fail, and counts the others", () => {
  const failing = new Map(
    ["a", "b", "c", "d", "e"].map((source) => [source, { source, error: "EIO", count: 2 }]),
  );
  const [sensors] = degradationsOf({ ...sound, health: { ...sound.health, failing } });
  expect(sensors?.text).toBe("failing: a (EIO), b (EIO), c (EIO), and 2 more");
});
