import { expect, it } from "vitest";
import { SensorFault } from "../../../agent/sensors/fault.ts";
import { patiently } from "../../../agent/sensors/patience.ts";

const look = (monotonicMs: number) => ({ monotonicMs, signal: new AbortController().signal });

/** Looks every `periodMs`; which of them read, and how often each. */
async function readsOf(error: () => Error, beats: number, periodMs: number) {
  let now = 0;
  const reads: number[] = [];
  const collect = patiently(async ({ monotonicMs }) => {
    reads.push(monotonicMs / periodMs);
    throw error();
  });
  const ends: unknown[] = [];
  for (let beat = 0; beat < beats; beat++, now += periodMs)
    ends.push(await collect(look(now)).catch((reason: unknown) => reason));
  return { reads, ends };
}

it("reads once more after a bus fault, then after 1, 2, 4, 8 beats", async () => {
  const { reads, ends } = await readsOf(() => new SensorFault("bus fault", "x"), 17, 10_000);
  expect(reads).toEqual([0, 0, 1, 1, 3, 3, 7, 7, 15, 15]);
  expect(ends.every((end) => end instanceof SensorFault)).toBe(true);
});

it("waits no longer than five minutes", async () => {
  const { reads } = await readsOf(() => new SensorFault("bus fault", "x"), 30, 60_000);
  expect([...new Set(reads)]).toEqual([0, 1, 3, 7, 12, 17, 22, 27]);
});

it("asks every five minutes for what it has no right to", async () => {
  const { reads } = await readsOf(() => new SensorFault("no right", "x"), 11, 60_000);
  expect(reads).toEqual([0, 5, 10]);
});

it.each(["not ready", "absent"] as const)("says nothing of what is %s", async (fault) => {
  const { reads, ends } = await readsOf(() => new SensorFault(fault, "x"), 3, 10_000);
  expect(reads).toEqual([0, 1, 2]);
  expect(ends).toEqual([null, null, null]);
});

it("reads a bad value again at the next beat, and begins anew after a good one", async () => {
  const answers = [new SensorFault("bad value", "x"), 1, new SensorFault("bus fault", "y"), 2];
  const collect = patiently(async () => {
    const answer = answers.shift();
    if (typeof answer === "number") return answer;
    throw answer ?? new Error("asked too often");
  });
  await expect(collect(look(0))).rejects.toThrow("x");
  expect(await collect(look(1))).toBe(1);
  expect(await collect(look(2))).toBe(2); // the retry
});

it("does not read on after the sampler gave up", async () => {
  let reads = 0;
  const limit = new AbortController();
  const collect = patiently(async () => {
    reads++;
    limit.abort();
    throw new SensorFault("bus fault", "x");
  });
  await expect(collect({ monotonicMs: 0, signal: limit.signal })).rejects.toThrow("x");
  expect(reads).toBe(1);
});
