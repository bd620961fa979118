import { expect, test } from "vitest";
import { createInstants } from "../../../agent/sandbox/instants.ts";

test.each([3, 1_000])("of %i instants the oldest is forgotten first", (limit) => {
  const { note } = createInstants(limit);
  const all = Array.from({ length: limit }, (_, at) => 1_795_341_600_000 + at);
  const [first = 0, second = 0] = all;
  expect(all.every(note)).toBe(true);
  expect(all.some(note)).toBe(false);
  expect(note(0)).toBe(true);
  expect(note(second), "still remembered").toBe(false);
  expect(note(first), "forgotten").toBe(true);
});
