import { expect, it } from "vitest";
import { createStanding } from "../../agent/standing.ts";

const lock = { name: "lock", code: "P051", text: "no lock", fix: "df -h" };

it("a condition stands until its name is cleared; the newest word counts", () => {
  const standing = createStanding();
  standing.raise(lock);
  standing.raise({ ...lock, text: "still no lock" });
  standing.raise({ ...lock, name: "config" });
  expect(standing.list()).toMatchObject([{ text: "still no lock" }, { name: "config" }]);
  standing.clear("lock");
  expect(standing.list()).toMatchObject([{ name: "config" }]);
});

it("tells of a change, and not of what was said before", () => {
  const standing = createStanding();
  let changes = 0;
  standing.onChange(() => changes++);
  standing.raise(lock);
  standing.raise(lock);
  standing.clear("config");
  expect(changes).toBe(1);
  standing.clear("lock");
  expect(changes).toBe(2);
  standing.onChange(null);
  standing.raise(lock);
  expect(changes).toBe(2);
});
