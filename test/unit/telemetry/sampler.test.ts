import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import { createHealth } from "../../../agent/health.ts";
import type { Collect } from "../../../agent/ports.ts";
import type { Source } from "../../../agent/source.ts";
import { createDeadband } from "../../../agent/telemetry/deadband.ts";
import { createSampler } from "../../../agent/telemetry/sampler.ts";
import { stampOf, takenAt } from "../../support/a-journal.ts";
import { aSource } from "../../support/a-source.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;

function samplerOf(given: readonly Source[] | Record<string, Collect>) {
  const clock = virtualClock();
  const log = recordingLog();
  const health = createHealth();
  const deadband = createDeadband({ deadband: 0, maxSilenceMs: 600_000, intervalMs: 10_000 });
  const sampler = createSampler({ clock, stamp: stampOf(clock), deadband, health, log });
  const sources = Array.isArray(given)
    ? given
    : Object.entries(given).map(([name, collect]) => aSource({ name, collect }));
  return { clock, log, health, deadband, take: () => sampler.sample(sources, never) };
}

it("stamps all readings with one ts", async () => {
  const { take, clock } = samplerOf({
    one: async () => ({ a: 1 }),
    two: async () => ({ b: 2 }),
    absent: async () => null,
  });
  expect(await take()).toEqual({ taken: takenAt(clock.now()), readings: { a: 1, b: 2 } });
});

it("one failing source costs the others nothing; the log hears of the 1st, 2nd, 4th time, and of its return", async () => {
  let broken = true;
  const { take, log, health } = samplerOf({
    good: async () => ({ a: 1 }),
    bad: async () => {
      if (broken) throw new AgentError("sensor", "EIO", { hint: "look at the plug" });
      return { b: 2 };
    },
  });
  for (let i = 0; i < 5; i++) expect((await take())?.readings).toEqual({ a: 1 });
  broken = false;
  expect((await take())?.readings).toEqual({ a: 1, b: 2 });
  expect(log.lines.map(({ fields }) => fields["count"] ?? fields["failed"])).toEqual([1, 2, 4, 5]);
  expect(log.lines[0]?.fields).toMatchObject({ source: "bad", hint: "look at the plug" });
  expect(health.sensorErrors).toBe(5);
});

it("a bug in one source is loud, and still costs the others nothing", async () => {
  const { take, log } = samplerOf({
    good: async () => ({ a: 1 }),
    buggy: () => Promise.reject(new TypeError("undefined is not a function")),
  });
  expect((await take())?.readings).toEqual({ a: 1 });
  expect(log.lines[0]).toMatchObject({
    level: "error",
    fields: { stack: expect.stringContaining("TypeError") },
  });
});

it("a source that hangs is skipped after its own deadline and not asked again until it returns", async () => {
  const hanging = Promise.withResolvers<{ b: number }>();
  let asked = 0;
  const stuck = () => {
    asked++;
    return hanging.promise;
  };
  const { take, clock } = samplerOf([
    aSource({ name: "good", collect: async () => ({ a: 1 }) }),
    aSource({ name: "stuck", collect: stuck, deadlineMs: 500 }),
  ]);
  const first = take();
  await clock.advance(500);
  expect((await first)?.readings).toEqual({ a: 1 });
  expect((await take())?.readings).toEqual({ a: 1 });
  expect(asked).toBe(1);
  hanging.resolve({ b: 2 });
  await clock.settle();
  await take();
  expect(asked).toBe(2);
});

it("two paces of one collector are two sources", async () => {
  const keyed = (key: string) =>
    aSource({
      name: "disk",
      collect: async () => ({ [key]: 1 }),
      keys: { [key]: { unit: "%", source: "statfs" } },
    });
  const { take } = samplerOf([keyed("diskUsage"), keyed("inodeUsage")]);
  expect((await take())?.readings).toEqual({ diskUsage: 1, inodeUsage: 1 });
});

it("the first of two sources with one key counts, and the log says so once", async () => {
  const { take, log } = samplerOf({ one: async () => ({ a: 1 }), two: async () => ({ a: 2 }) });
  await take();
  expect((await take())?.readings).toEqual({ a: 1 });
  expect(log.lines.map(({ fields }) => fields["key"])).toEqual(["a"]);
});

it("what is no news is left out; without any news there is no sample", async () => {
  const rule = { deadband: null, onChange: true };
  const door = aSource({ name: "door", collect: async () => ({ open: false }), rule });
  const { take, deadband } = samplerOf([door]);
  const first = await take();
  expect(first?.readings).toEqual({ open: false });
  deadband.accepted(first?.readings ?? {}, 0);
  expect(await take()).toBeNull();
});

it("two samples never share a ts", async () => {
  const { take } = samplerOf({ one: async () => ({ a: 1 }) });
  const ts: number[] = [];
  for (let i = 0; i < 4; i++) ts.push((await take())?.taken.ts ?? 0);
  expect(ts).toEqual([0, 1, 2, 3].map((i) => (ts[0] ?? 0) + i));
});

it("a number that JSON cannot carry is no reading", async () => {
  const collect = async () => ({ a: Number.NaN, b: Number.POSITIVE_INFINITY, c: 1 });
  expect((await samplerOf({ collect }).take())?.readings).toEqual({ c: 1 });
});

it("takes no sample without a reading", async () => {
  expect(await samplerOf({ absent: async () => null }).take()).toBeNull();
});
