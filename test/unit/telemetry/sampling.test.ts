import { expect, it } from "vitest";
import type { JobConfig } from "../../../agent/config/sensor-config.ts";
import { createHealth } from "../../../agent/health.ts";
import type { Readings, TakenSample } from "../../../agent/ports.ts";
import type { ListSources, Source } from "../../../agent/source.ts";
import { createDeadband } from "../../../agent/telemetry/deadband.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { createSampler } from "../../../agent/telemetry/sampler.ts";
import { startSampling } from "../../../agent/telemetry/sampling.ts";
import { createVitals } from "../../../agent/vitals.ts";
import { aJournal, datedTimeline, stampOf } from "../../support/a-journal.ts";
import { aSource } from "../../support/a-source.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const MINUTE = 60_000;

interface Given {
  readonly found?: ListSources;
  readonly jobs?: readonly JobConfig[];
  readonly append?: () => Promise<number>;
}

/** Sampling every minute at phase 0, with what it accepted: [seconds since the start, keys]. */
async function sampling(fixed: readonly Source[], { found, jobs = [], append }: Given = {}) {
  const clock = virtualClock(Date.UTC(2026, 10, 22, 5, 30, 0));
  const log = recordingLog();
  const startedMs = clock.monotonic();
  const samples: TakenSample[] = [];
  const taken: [number, string[]][] = [];
  const memory = aJournal(clock);
  const journal = {
    ...memory,
    append(sample: TakenSample) {
      samples.push(sample);
      taken.push([(clock.monotonic() - startedMs) / 1_000, Object.keys(sample.readings)]);
      return append?.() ?? memory.append(sample);
    },
  };
  const deadband = createDeadband({ deadband: 0, maxSilenceMs: 10 * MINUTE, intervalMs: MINUTE });
  const stop = new AbortController();
  const bugs: unknown[] = [];
  let inventories = 0;
  const started = startSampling(
    {
      sources: { fixed, found: found ?? (async () => []) },
      sampler: createSampler({
        clock,
        stamp: stampOf(clock),
        deadband,
        health: createHealth(),
        log,
      }),
      deadband,
      outbox: createOutbox({ journal, timeline: datedTimeline, liveFirst: true }),
      clock,
      // Every expression is "at six": the calendar has tests of its own.
      calendar: { next: () => nextSix(clock.now()) },
      vitals: createVitals(clock),
      pace: { intervalMs: MINUTE, phase: 0, hardwareId: "1" },
      jobs,
      inventory: () => void inventories++,
      log,
    },
    stop.signal,
    (bug) => void bugs.push(bug),
  );
  return { clock, log, samples, taken, bugs, stop, started, inventories: () => inventories };
}

const nextSix = (nowMs: number) => {
  const six = Math.floor(nowMs / 86_400_000) * 86_400_000 + 6 * 3_600_000;
  return six > nowMs ? six : six + 86_400_000;
};
const fixed = (name: string, given: Partial<Source> = {}) =>
  aSource({ name, collect: async () => ({ [name]: 1 }), ...given });

it("looks at everything at once, then at each source at its own pace; what is due together shares a sample", async () => {
  const quick = fixed("quick", { intervalMs: 20_000 });
  const slow = fixed("slow", { intervalMs: 2 * MINUTE });
  const { clock, taken, started } = await sampling([fixed("cpu"), quick, slow]);
  await started;
  await clock.advance(2 * MINUTE);
  expect(taken).toEqual([
    [0, ["cpu", "quick", "slow"]],
    [20, ["quick"]],
    [40, ["quick"]],
    [60, ["cpu", "quick"]],
    [80, ["quick"]],
    [100, ["quick"]],
    [120, ["cpu", "quick", "slow"]],
  ]);
});

it("the heartbeat of an unchanged value comes at its beat, however long the disk took over the last", async () => {
  const rule = { deadband: null, onChange: true };
  let wait = async () => {};
  const append = async () => {
    await wait();
    return 1;
  };
  const { clock, taken, started } = await sampling([fixed("door", { rule })], { append });
  await started;
  wait = () => new Promise((resolve) => void clock.after(300, resolve));
  await clock.advance(31 * MINUTE);
  expect(taken.map(([seconds]) => seconds)).toEqual([0, 600, 1_200, 1_800]);
});

it("a group has samples of its own, and keeps nobody waiting: neither the start, nor a beat, nor itself twice", async () => {
  const answers: PromiseWithResolvers<Readings>[] = [];
  const ask = () => {
    const answer = Promise.withResolvers<Readings>();
    answers.push(answer);
    return answer.promise;
  };
  const bus = fixed("bus", { group: "w1", collect: ask, deadlineMs: 10 * MINUTE });
  const { clock, taken, started } = await sampling([fixed("cpu"), bus]);
  await started;
  await clock.advance(MINUTE);
  expect(taken).toEqual([
    [0, ["cpu"]],
    [60, ["cpu"]],
  ]);
  expect(answers).toHaveLength(1);
  answers[0]?.resolve({ bus: 21 });
  await clock.advance(MINUTE);
  expect(taken.slice(2)).toEqual([
    [60, ["bus"]],
    [120, ["cpu"]],
  ]);
  expect(answers).toHaveLength(2);
});

it("sensors that are found later join the next beat, and leave with their chip", async () => {
  let plugged: readonly Source[] = [];
  const { clock, taken, started } = await sampling([fixed("cpu")], { found: async () => plugged });
  await started;
  plugged = [fixed("bme280")];
  await clock.advance(MINUTE);
  plugged = [];
  await clock.advance(MINUTE);
  expect(taken.map(([, keys]) => keys)).toEqual([["cpu"], ["cpu", "bme280"], ["cpu"]]);
});

it("a search that hangs costs new sensors, not the known ones", async () => {
  let searches = 0;
  const found: ListSources = () =>
    searches++ === 0 ? Promise.resolve([fixed("bme280")]) : new Promise(() => {});
  const { clock, taken, log, started } = await sampling([fixed("cpu")], { found });
  await started;
  await clock.advance(2 * MINUTE + 5_000);
  expect(taken.map(([, keys]) => keys)).toEqual([
    ["cpu", "bme280"],
    ["cpu", "bme280"],
    ["cpu", "bme280"],
  ]);
  expect(searches).toBe(2);
  expect(log.lines.map(({ event }) => event)).toEqual(["sensors not searched"]);
});

it("a schedule is wall-clock time, and not an interval too", async () => {
  const atSix = fixed("meter", { schedule: "0 6 * * *" });
  const { clock, taken, started } = await sampling([atSix], {});
  await started;
  await clock.advance(86_400_000);
  expect(taken.map(([seconds]) => seconds)).toEqual([0, 1_800]);
});

it("jobs: one looks at everything, the other asks for the inventory", async () => {
  const jobs: JobConfig[] = [
    { schedule: "0 6 * * *", run: "sample" },
    { schedule: "0 6 * * *", run: "inventory" },
  ];
  const hourly = fixed("hourly", { intervalMs: 3_600_000 });
  const { clock, taken, inventories, started } = await sampling([hourly], { jobs });
  await started;
  await clock.advance(31 * MINUTE);
  expect(taken.map(([seconds]) => seconds)).toEqual([0, 1_800]);
  expect(inventories()).toBe(1);
});

it("100 steps of the wall clock, either way, neither double nor miss a report, and never repeat a ts", async () => {
  const { clock, samples, started } = await sampling([fixed("cpu")]);
  const running = await started;
  for (let step = 1; step <= 100; step++) {
    clock.stepWall(((step % 7) - 3) * 3_600_000);
    await clock.advance(MINUTE);
  }
  running[Symbol.dispose]();
  expect(samples).toHaveLength(101);
  expect(new Set(samples.map(({ taken }) => taken.ts)).size).toBe(101);
});

it("a bug is not swallowed", async () => {
  const append = () => Promise.reject(new TypeError("a bug"));
  const { bugs, started } = await sampling([fixed("cpu")], { append });
  await started;
  expect(bugs).toEqual([expect.any(TypeError)]);
});

it("leaves no timer behind", async () => {
  const { clock, started } = await sampling([fixed("cpu", { intervalMs: 5_000 })], {
    jobs: [{ schedule: "0 6 * * *", run: "sample" }],
  });
  (await started)[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});
