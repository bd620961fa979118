/**
 * drain [--short] [--json] [--results FILE]
 *
 * How fast a backlog leaves, by the time that the server takes to answer. The executable with default settings, and a
 * backlog that outlasts the measurement; the pace is measured when it has opened. Exits 1 when it is too slow, 2 when nothing could be
 * measured. docs/benchmark.md
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MOST_PER_SECOND } from "../../agent/telemetry/drain-pace.ts";
import { DRAIN_PLACES } from "../../agent/telemetry/publisher.ts";
import { type Acker, startAcker } from "./acker.ts";
import { storeBacklog } from "./backlog.ts";
import { untilCalm } from "./calm.ts";
import { type Contender, preparePipit } from "./contenders.ts";
import { type DrainPoint, drainTable, tooSlow } from "./drain-table.ts";
import { benchProgram, options, say } from "./program.ts";
import { mean, noiseOf } from "./statistics.ts";
import { tokenOf } from "./token.ts";
import { usageOf } from "./usage.ts";
import { InvalidWindow } from "./window.ts";

/** The pace doubles every 5 s, from twice that of live data: it has opened after `openMs`. */
const run = options.short
  ? { roundTripsMs: [10, 200], intervalMs: 1_000, openMs: 40_000, windows: 1, windowMs: 5_000 }
  : {
      roundTripsMs: [1, 10, 50, 200],
      intervalMs: 10_000,
      openMs: 70_000,
      windows: 3,
      windowMs: 15_000,
    };

/** With the keys of a Raspberry Pi and values that change. */
const readingsOf = (index: number) => ({
  ...{ cpuUsage: (index % 1_000) / 10, load1: (index % 400) / 100, uptime: index * 10 },
  ...{ memoryUsage: 40 + (index % 70) / 10, memoryAvailableMb: 500 + (index % 90), swapUsage: 0 },
  ...{ diskUsage: 31.5, diskFreeGb: 19.4, cpuTemperature: 45 + (index % 120) / 10 },
  ...{ netRxKbps: (index % 3_000) / 10, netTxKbps: (index % 700) / 10 },
});

/** More than leave while the pace opens and is measured, at the most samples that a message holds. */
const waiting = (roundTripMs: number) => {
  const perSecond = Math.min((DRAIN_PLACES * 1_000) / roundTripMs, MOST_PER_SECOND);
  const seconds = (run.openMs + run.windows * run.windowMs) / 1_000;
  return Math.ceil(perSecond * seconds * 5);
};

async function measure(folder: string): Promise<readonly DrainPoint[]> {
  await untilCalm(say);
  await using running = new AsyncDisposableStack();
  const begun: { roundTripMs: number; acker: Acker; contender: Contender }[] = [];
  for (const roundTripMs of run.roundTripsMs) {
    const own = join(folder, `drain-${roundTripMs}`);
    mkdirSync(own);
    const token = tokenOf(`drain${roundTripMs}`);
    const acker = running.use(await startAcker([token], { delayMs: roundTripMs }));
    const { intervalMs } = run;
    const start = await preparePipit({ folder: own, port: acker.port, token, intervalMs });
    await storeBacklog(join(own, "state"), waiting(roundTripMs), readingsOf);
    say(`${waiting(roundTripMs)} samples wait for a round trip of ${roundTripMs} ms`);
    begun.push({ roundTripMs, acker, contender: running.use(start()) });
  }
  const failures = begun.map(({ contender }) => contender.failure());
  await Promise.race([sleep(run.openMs), ...failures]);
  const points = begun.map((one) => paceOf(one));
  // Awaited here: what runs ends with this function.
  return await Promise.race([Promise.all(points), ...failures]);
}

async function paceOf(of: { roundTripMs: number; acker: Acker; contender: Contender }) {
  const { roundTripMs, acker, contender } = of;
  const token = tokenOf(`drain${roundTripMs}`);
  const windows: { messages: number; samples: number; cpuMs: number }[] = [];
  for (let window = 0; window < run.windows; window++) {
    const [cpuMs, beganMs] = [usageOf(contender.pid).cpuMs, performance.now()];
    const before = acker.reports(token).length;
    await sleep(run.windowMs);
    const seconds = (performance.now() - beganMs) / 1_000;
    const spentMs = usageOf(contender.pid).cpuMs - cpuMs;
    const sent = acker.reports(token).slice(before);
    const samples = sent.reduce((total, { json }) => total + samplesIn(json), 0);
    if (samples < 2 * (run.windowMs / run.intervalMs))
      throw new InvalidWindow(
        `${samples} samples left in ${seconds.toFixed(0)} s at ${roundTripMs} ms`,
      );
    const rates = { messages: sent.length / seconds, samples: samples / seconds };
    windows.push({ ...rates, cpuMs: spentMs / samples });
  }
  const each = (key: "messages" | "samples" | "cpuMs") => windows.map((window) => window[key]);
  return {
    roundTripMs,
    messagesPerSecond: mean(each("messages")),
    samplesPerSecond: mean(each("samples")),
    cpuMsPerSample: mean(each("cpuMs")),
    noise: { rate: noiseOf(each("messages")), cpu: noiseOf(each("cpuMs")) },
  };
}

/** A message of one sample is no array. */
function samplesIn(json: Uint8Array): number {
  const content: unknown = JSON.parse(Buffer.from(json).toString());
  return Array.isArray(content) ? content.length : 1;
}

await benchProgram("drain", "too slow", async (folder) => {
  const points = await measure(folder);
  const result = { places: DRAIN_PLACES, mostPerSecond: MOST_PER_SECOND, points };
  return { result, table: drainTable(result), broken: tooSlow(result) };
});
