import { expect, it } from "vitest";
import { createMessageSize } from "../../../agent/telemetry/message-size.ts";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";

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

it("after a fault that had nothing to do with sizes it is where it was as soon as anything passes", () => {
  const size = createMessageSize();
  for (let points = 60; !size.refused(points); points = size.limit);
  expect(size.limit).toBe(1);
  size.passed(1);
  expect(size.limit).toBe(Number.POSITIVE_INFINITY);
});

it("tries a size again before it blames it: whoever refused it may have meant the rate", () => {
  const size = createMessageSize();
  size.refused(60);
  expect(size.limit).toBe(30);
  size.passed(30);
  expect(size.limit).toBe(60);
  size.passed(60);
  size.refused(80);
  expect(size.limit).toBe(60);
});

it("blames a size that is refused again and again while a smaller one passes", () => {
  const size = createMessageSize();
  let tries = 0;
  for (let points = 60; points > 30 || tries === 0; points = size.limit) {
    tries++;
    size.refused(60);
    size.passed(30);
  }
  expect(tries).toBeLessThanOrEqual(5);
});

it("a size that has passed is not blamed for the first refusals, and is for many in a row", () => {
  const size = createMessageSize();
  size.passed(60);
  size.refused(60);
  size.refused(60);
  expect(size.limit).toBe(Number.POSITIVE_INFINITY);
  let refusals = 2;
  for (; size.limit > 60; refusals++) size.refused(60);
  expect(size.limit).toBe(30);
  expect(refusals).toBeLessThanOrEqual(24);
});

it("doubts a size that is refused for good, although far smaller messages pass in between", () => {
  const size = createMessageSize();
  size.passed(84);
  let refusals = 0;
  for (; size.limit > 84; refusals++) {
    size.refused(84);
    size.passed(12);
  }
  expect(refusals).toBeLessThanOrEqual(24);
  expect(size.limit).toBeLessThanOrEqual(42);
});

it("a single point that is refused now and then is no outage, where others pass", () => {
  const size = createMessageSize();
  size.refused(2);
  size.passed(1);
  expect([size.refused(1), size.refused(1)]).toEqual([false, false]);
  let refusals = 2;
  while (!size.refused(1)) refusals++;
  expect(refusals).toBeLessThanOrEqual(24);
});

/** A server that refuses messages of more data points than `most`, and besides a share of all, whatever their size. */
function meanSize(most: number, share: number, seed: number): number {
  const { fraction } = seededRandom(seed);
  const size = createMessageSize();
  const passed: number[] = [];
  for (let message = 0; message < 2_000; message++) {
    const points = Math.min(size.limit, 60);
    if (points > most || fraction() < share) size.refused(points);
    else {
      size.passed(points);
      passed.push(points);
    }
  }
  const last = passed.slice(passed.length / 2);
  return last.reduce((total, points) => total + points, 0) / last.length;
}

/** The median of forty such servers: a row of refusals may mislead it for a while at any single one. */
function usualSize(most: number, share: number, seed: number): number {
  const sizes = Array.from({ length: 40 }, (_, index) => meanSize(most, share, seed + index));
  return sizes.toSorted((a, b) => a - b)[20] ?? 0;
}

it.each([0.2, 0.5, 0.7])(
  "stays large where %d of all messages are refused, whatever their size",
  (share) => {
    const seed = chosenSeed();
    expect(usualSize(Number.POSITIVE_INFINITY, share, seed), `seed ${seed}`).toBeGreaterThan(40);
  },
);

it("finds what passes where size and rate are limited both", () => {
  const seed = chosenSeed();
  expect(usualSize(20, 0.4, seed), `seed ${seed}`).toBeGreaterThan(15);
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
  expect(limit).toBe(50);
});
