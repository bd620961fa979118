import { expect, test } from "vitest";
import { createRateLimit } from "../../../agent/sandbox/rate-limit.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

test("a bucket is full at the start and refills evenly", async () => {
  const clock = virtualClock();
  const limit = createRateLimit(clock);
  const taken = () => limit.take("board", 1, 2);
  expect([taken(), taken(), taken()]).toEqual([true, true, false]);
  await clock.advance(500);
  expect([taken(), taken()]).toEqual([true, false]);
  await clock.advance(60_000);
  expect([taken(), taken(), taken()]).toEqual([true, true, false]);
});

test("devices do not share a bucket, and zero is no limit", () => {
  const limit = createRateLimit(virtualClock());
  expect([limit.take("a", 1, 1), limit.take("b", 1, 1), limit.take("a", 1, 1)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(limit.take("a", 1_000_000, 0)).toBe(true);
});
