import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import type { Collect } from "../../../agent/ports.ts";
import { createSampler } from "../../../agent/telemetry/sampler.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;

function samplerOf(collects: Record<string, Collect>, keys = ["a", "b", "c"]) {
  const clock = virtualClock();
  const log = recordingLog();
  const sources = Object.entries(collects).map(([name, collect]) => ({ name, collect }));
  return { clock, log, sampler: createSampler({ sources, keys: new Set(keys), clock, log }) };
}

it("stamps all readings with one ts, and leaves out what nobody asked for", async () => {
  const { sampler, clock } = samplerOf(
    {
      one: async () => ({ a: 1, extra: 9 }),
      two: async () => ({ b: 2 }),
      absent: async () => null,
    },
    ["a", "b"],
  );
  expect(await sampler.sample(never)).toEqual({ ts: clock.now(), readings: { a: 1, b: 2 } });
});

it("one failing collector costs the others nothing; the log hears of the 1st, 2nd, 4th time, and of its return", async () => {
  let broken = true;
  const { sampler, log } = samplerOf({
    good: async () => ({ a: 1 }),
    bad: async () => {
      if (broken) throw new AgentError("sensor", "EIO");
      return { b: 2 };
    },
  });
  for (let i = 0; i < 5; i++) expect((await sampler.sample(never))?.readings).toEqual({ a: 1 });
  broken = false;
  expect((await sampler.sample(never))?.readings).toEqual({ a: 1, b: 2 });
  expect(log.lines.map(({ fields }) => fields["count"] ?? fields["failed"])).toEqual([1, 2, 4, 5]);
});

it("a bug in one collector is loud, and still costs the others nothing", async () => {
  const { sampler, log } = samplerOf({
    good: async () => ({ a: 1 }),
    buggy: () => Promise.reject(new TypeError("undefined is not a function")),
  });
  expect((await sampler.sample(never))?.readings).toEqual({ a: 1 });
  expect(log.lines[0]).toMatchObject({
    level: "error",
    fields: { stack: expect.stringContaining("TypeError") },
  });
});

it("a collector that hangs is skipped after two seconds and not asked again until it returns", async () => {
  const hanging = Promise.withResolvers<{ b: number }>();
  let asked = 0;
  const { sampler, clock } = samplerOf({
    good: async () => ({ a: 1 }),
    stuck: () => {
      asked++;
      return hanging.promise;
    },
  });
  const first = sampler.sample(never);
  await clock.advance(2_000);
  expect((await first)?.readings).toEqual({ a: 1 });
  expect((await sampler.sample(never))?.readings).toEqual({ a: 1 });
  expect(asked).toBe(1);
  hanging.resolve({ b: 2 });
  await clock.settle();
  await sampler.sample(never);
  expect(asked).toBe(2);
});

it("two samples never share a ts", async () => {
  const { sampler } = samplerOf({ one: async () => ({ a: 1 }) });
  const ts: number[] = [];
  for (let i = 0; i < 4; i++) ts.push((await sampler.sample(never))?.ts ?? 0);
  expect(ts).toEqual([0, 1, 2, 3].map((i) => (ts[0] ?? 0) + i));
});

it("a number that JSON cannot carry is no reading", async () => {
  const collect = async () => ({ a: Number.NaN, b: Number.POSITIVE_INFINITY, c: 1 });
  expect((await samplerOf({ collect }).sampler.sample(never))?.readings).toEqual({ c: 1 });
});

it("takes no sample without a reading", async () => {
  expect(await samplerOf({ absent: async () => null }).sampler.sample(never)).toBeNull();
});
