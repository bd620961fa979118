import { expect, it } from "vitest";
import { createWriteMeter } from "../../../agent/journal/write-meter.ts";
import type { Json, Moment } from "../../../agent/ports.ts";

const DAY_MS = 86_400_000;
const at = (ts: number | null, monotonicMs = 5_000): Moment => ({ bootId: "b", monotonicMs, ts });
/** What ext4 adds to the first write in five seconds. */
const COMMIT = 3 * 4_096;
const meterOf = (now: () => Moment, kept: Json | null) => createWriteMeter(now, kept, 4_096);

it("counts whole blocks: 300 bytes across a boundary are two", () => {
  const meter = meterOf(() => at(null), null);
  meter.wrote(0, 300);
  meter.wrote(4_000, 300);
  meter.wrote(4_096, 4_096);
  expect([meter.total, meter.today]).toEqual([4 * 4_096 + COMMIT, 4 * 4_096 + COMMIT]);
});

it("counts the blocks of this file system: on a small one they are of 1 KiB", () => {
  const meter = createWriteMeter(() => at(null), null, 1_024);
  meter.wrote(900, 300);
  expect(meter.total).toBe((2 + 3) * 1_024);
});

it("adds what the file system writes of its own, every five seconds at most", () => {
  let monotonicMs = 0;
  const meter = meterOf(() => at(null, monotonicMs), null);
  for (; monotonicMs <= 10_000; monotonicMs += 1_000) meter.wrote(0, 1);
  expect(meter.total).toBe(11 * 4_096 + 3 * COMMIT);
});

it("begins anew with each day, and goes on counting the run", () => {
  let ts = 10 * DAY_MS + 1;
  const meter = meterOf(() => at(ts), null);
  meter.wrote(0, 1);
  ts = 11 * DAY_MS - 1_000;
  expect(meter.today).toBe(4_096 + COMMIT);
  ts = 11 * DAY_MS;
  expect([meter.today, meter.total]).toEqual([0, 4_096 + COMMIT]);
});

it("goes on with what the run before wrote today, and forgets what it wrote yesterday", () => {
  const before = meterOf(() => at(10 * DAY_MS), null);
  before.wrote(0, 1);
  const kept = before.toJson();
  expect(meterOf(() => at(10 * DAY_MS + 5), kept).today).toBe(4_096 + COMMIT);
  expect(meterOf(() => at(11 * DAY_MS), kept).today).toBe(0);
});

it("keeps the count while nobody knows the day, and takes the day from the clock once it is known", () => {
  let ts: number | null = null;
  const kept = { day: null, bytes: 8_192 };
  const meter = meterOf(() => at(ts), kept);
  expect(meter.today).toBe(8_192);
  ts = 10 * DAY_MS;
  expect(meter.today).toBe(8_192);
  ts = 11 * DAY_MS;
  expect(meter.today).toBe(0);
});

it("a day that nobody knows is 24 hours in which the agent ran, over restarts too", () => {
  let monotonicMs = 1_000;
  const meter = meterOf(() => at(null, monotonicMs), null);
  meter.wrote(0, 1);
  monotonicMs += DAY_MS / 2 + 1_234;
  const again = meterOf(() => at(null, monotonicMs - DAY_MS / 2), meter.toJson());
  monotonicMs += DAY_MS / 2 - 1_235;
  for (const one of [meter, again]) expect(one.today).toBe(4_096 + COMMIT);
  monotonicMs++;
  expect([meter.today, again.today]).toEqual([0, 0]);
});

it.each([
  null,
  7,
  "x",
  { day: 3 },
  { day: 3, bytes: "many" },
  { day: 3, bytes: -1 },
  { bytes: Number.NaN },
])("begins at nothing with %j in its place", (kept) => {
  expect(meterOf(() => at(null), kept).today).toBe(0);
});
