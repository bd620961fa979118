import { expect, it } from "vitest";
import { createMessageSize } from "../../../agent/telemetry/message-size.ts";

it("is halved down to one data point, and then says that no smaller one helps", () => {
  const size = createMessageSize();
  const limits: number[] = [];
  let points = 60;
  while (!size.refused(points)) {
    points = size.limit;
    limits.push(points);
  }
  expect(limits).toEqual([30, 15, 8, 4, 2, 1]);
});

it("after a fault that had nothing to do with sizes it is soon where it was", () => {
  const size = createMessageSize();
  for (let points = 60; !size.refused(points); points = size.limit);
  const limits = [1, 2, 4, 8, 16, 32].map((points) => {
    size.passed(points);
    return size.limit;
  });
  expect(limits).toEqual([2, 4, 8, 16, 32, 64]);
});

it("a size that has passed is not blamed for the first two refusals: that is the rate", () => {
  const size = createMessageSize();
  size.refused(60);
  size.refused(30);
  size.passed(15);
  const before = size.limit;
  expect([size.refused(15), size.refused(15)]).toEqual([false, false]);
  expect(size.limit).toBe(before);
  size.refused(15);
  expect(size.limit).toBe(8);
});

it("a single point that is refused now and then is no outage, where others pass", () => {
  const size = createMessageSize();
  size.refused(2);
  size.passed(1);
  expect([size.refused(1), size.refused(1)]).toEqual([false, false]);
  expect(size.refused(1)).toBe(true);
});

it("grows with more and more patience towards what a bucket of 20 points can hold", () => {
  const size = createMessageSize();
  let refusals = 0;
  for (let message = 0; message < 1_000; message++) {
    const points = Math.min(size.limit, 60);
    if (points <= 20) size.passed(points);
    else {
      refusals++;
      size.refused(points);
    }
  }
  expect(size.limit).toBeGreaterThanOrEqual(15);
  expect(size.limit).toBeLessThanOrEqual(25);
  expect(refusals).toBeLessThan(12);
});

it("a small message says nothing about a large limit", () => {
  const size = createMessageSize();
  size.refused(100);
  const { limit } = size;
  for (let i = 0; i < 1_000; i++) size.passed(3);
  expect(size.limit).toBe(limit);
});
