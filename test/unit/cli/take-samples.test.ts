import { describe, expect, it } from "vitest";
import { takeSamples } from "../../../agent/cli/take-samples.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Collect } from "../../../agent/ports.ts";
import type { Source } from "../../../agent/source.ts";
import { aSource } from "../../support/a-source.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const source = (name: string, collect: Collect): Source =>
  aSource({ name, collect, keys: { [name]: { unit: "", source: "/proc/test" } } });
/** A rate: nothing on its first look. */
const rate = (): Source => {
  let looks = 0;
  return source("rate", async () => (looks++ === 0 ? {} : { rate: looks }));
};
const plain = source("plain", async () => ({ plain: 5 }));

function start(sources: readonly Source[], count = 1) {
  const clock = virtualClock();
  const stop = new AbortController();
  const samples = takeSamples({
    clock,
    sources: async () => sources,
    count,
    intervalMs: 1_000,
    signal: stop.signal,
  });
  return { clock, samples, stop };
}

describe("taking samples", () => {
  it("waits for a second look where a rate is asked for", async () => {
    const { clock, samples } = start([plain, rate()]);
    const startedMs = clock.monotonic();
    const first = samples.next();
    await clock.advance(1_000);
    expect((await first).value).toMatchObject({
      ts: clock.now(),
      readings: { plain: 5, rate: 2 },
    });
    expect(clock.monotonic() - startedMs).toBe(1_000);
    expect((await samples.next()).done).toBe(true);
  });

  it("does not wait where one look shows everything that this machine has", async () => {
    const absent = source("absent", async () => null);
    const { clock, samples } = start([plain, absent]);
    expect((await samples.next()).value).toMatchObject({ readings: { plain: 5 } });
    expect(clock.pending).toBe(0);
  });

  it("takes as many as asked for, an interval apart", async () => {
    const { clock, samples } = start([plain], 3);
    const stamps: number[] = [];
    const all = (async () => {
      for await (const { ts } of samples) stamps.push(ts);
    })();
    await clock.advance(5_000);
    await all;
    const [first = 0] = stamps;
    expect(stamps).toEqual([first, first + 1_000, first + 2_000]);
  });

  it("keeps what the others read when one fails or does not answer", async () => {
    const broken = source("broken", async () => {
      throw new AgentError("sensor", "it is broken");
    });
    const hung = source("hung", () => new Promise(() => {}));
    const { clock, samples } = start([broken, hung, plain]);
    const next = samples.next();
    await clock.advance(2_000);
    const taken = (await next).value;
    if (!taken) throw new Error("no sample");
    expect(taken.readings).toEqual({ plain: 5 });
    const failures = taken.looks.flatMap(({ source: { name }, outcome }) =>
      outcome instanceof AgentError ? [`${name}: ${outcome.message}`] : [],
    );
    expect(failures).toEqual(["broken: it is broken", "hung: no answer within 2000 ms"]);
  });

  it("of two that give one key shows the first, as the agent does", async () => {
    const other = aSource({ name: "other", collect: async () => ({ plain: 6 }) });
    const { samples } = start([plain, other]);
    expect((await samples.next()).value).toMatchObject({ readings: { plain: 5 } });
  });

  it("does not take a bug for a broken sensor", async () => {
    const buggy = source("buggy", async () => {
      throw new TypeError("a bug");
    });
    await expect(start([buggy]).samples.next()).rejects.toThrow(TypeError);
  });

  it("stops between two looks when asked to", async () => {
    const { clock, samples, stop } = start([rate()]);
    const next = samples.next();
    await clock.settle();
    stop.abort(new Error("SIGINT"));
    await expect(next).rejects.toThrow("SIGINT");
    expect(clock.pending).toBe(0);
  });
});
