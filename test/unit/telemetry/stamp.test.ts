import { expect, it } from "vitest";
import { createStamp, type GivenBefore } from "../../../agent/telemetry/stamp.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const START_MS = 1_795_341_600_000;

function stamping(before: GivenBefore = { lastTs: 0, passes: 0 }) {
  const clock = virtualClock(START_MS);
  const told: GivenBefore[] = [];
  const stamp = createStamp({ clock, before, onSetBack: (given) => void told.push(given) });
  return { clock, told, stamp };
}

it("is the wall clock, to a few milliseconds", async () => {
  const { clock, stamp, told } = stamping();
  for (let beat = 0; beat < 20; beat++) {
    await clock.advance(9_999);
    const aheadMs = stamp() - clock.now();
    expect(aheadMs).toBeGreaterThanOrEqual(0);
    expect(aheadMs).toBeLessThanOrEqual(8);
  }
  expect(told).toEqual([]);
});

it("many in one millisecond are all different, and rise", () => {
  const { stamp } = stamping();
  const given = Array.from({ length: 1_000 }, () => stamp());
  expect(new Set(given).size).toBe(1_000);
  expect(given.toSorted((one, other) => one - other)).toEqual(given);
});

it("goes on after the run before, whose last sample may be of this very moment", () => {
  const { stamp, told } = stamping({ lastTs: START_MS + 500, passes: 0 });
  expect(stamp()).toBeGreaterThan(START_MS + 500);
  expect(told).toEqual([]);
});

it("a clock set back is followed at once, and what it gave before is not given again", async () => {
  const { clock, stamp } = stamping();
  const given: number[] = [];
  for (let pass = 0; pass < 30; pass++) {
    for (let beat = 0; beat < 100; beat++) {
      given.push(stamp());
      await clock.advance(1_000);
    }
    clock.stepWall(-100_000); // the same milliseconds again
    expect(Math.abs(stamp() - clock.now())).toBeLessThan(1_000);
  }
  expect(new Set(given).size).toBe(given.length);
});

it("tells how far the time had come when it is set back, for the run after", async () => {
  const { clock, stamp, told } = stamping();
  await clock.advance(3_600_000);
  const last = stamp();
  clock.stepWall(-3_600_000);
  stamp();
  expect(told).toEqual([{ lastTs: last, passes: 0 }]);
});

it("runs that pass through the same time never meet, though none remembers the other", () => {
  const given: number[] = [];
  let before = { lastTs: 0, passes: 0 };
  for (let run = 0; run < 5; run++) {
    const { stamp, told } = stamping(before);
    for (let beat = 0; beat < 200; beat++) given.push(stamp());
    before = told.at(-1) ?? { lastTs: Math.max(...given) + 60_000, passes: 0 };
  }
  expect(before.passes).toBe(4);
  expect(new Set(given).size).toBe(given.length);
});

it("what it has forgotten it does not give again either", async () => {
  const { clock, stamp } = stamping();
  const given: number[] = [];
  for (let beat = 0; beat < 10_000; beat++) {
    given.push(stamp());
    clock.stepWall(1);
  }
  clock.stepWall(START_MS - clock.now());
  for (let beat = 0; beat < 1_000; beat++) {
    given.push(stamp());
    clock.stepWall(1);
  }
  expect(new Set(given).size).toBe(given.length);
});
