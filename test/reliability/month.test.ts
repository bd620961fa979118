import { readdirSync } from "node:fs";
import { getHeapSpaceStatistics } from "node:v8";
import { expect } from "vitest";
import { openJournal } from "../../agent/journal/journal.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import { wideBounds } from "../support/a-journal.ts";
import {
  type AgentWorld,
  serverAddresses as addresses,
  agentWorld,
  serverName as name,
} from "../support/agent-world.ts";
import { collectGarbage } from "../support/garbage.ts";
import { hostileWeather } from "../support/hostile-weather.ts";
import { memoryDisk } from "../support/memory-disk.ts";
import type { ServerMood } from "../support/memory-thingsboard.ts";
import { recordingLog } from "../support/recording-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const INTERVAL_MS = 10_000;
/** 30 days. */
const REPORTS = 259_200;
const MEASUREMENTS = 60;
const MOST_BYTES_A_REPORT = 10;
/** In three days what V8 learns of the code is not over; an object left behind by each report is more. */
const MOST_AT_FIRST = 40;
/** In the first days V8 still compiles what is used now and then: machine code and bytecode, which are no leak. */
const CODE_SPACES = /^(shared_)?(code|trusted)_/;

const journalOn = (seed: number) => (clock: VirtualClock) =>
  openJournal({
    disk: segmentFolder("/journal", memoryDisk()),
    bounds: { ...wideBounds, maxBytes: 64e6 },
    windowMs: 0,
    bootId: "this-boot",
    clock,
    random: seededRandom(seed),
    log: recordingLog(),
  });

interface Measurement {
  readonly reports: number;
  readonly heapBytes: number;
  /** The same without what V8 compiled. */
  readonly dataBytes: number;
  readonly timers: number;
  readonly sockets: number;
  readonly descriptors: number;
}

function measure({ clock, network }: AgentWorld, reports: number): Measurement {
  collectGarbage();
  return {
    reports,
    heapBytes: process.memoryUsage().heapUsed,
    dataBytes: dataBytes(),
    timers: clock.pending,
    sockets: network.channels.length,
    descriptors: readdirSync("/proc/self/fd").length,
  };
}

const dataBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => !CODE_SPACES.test(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);

/**
 * Bytes a report: the median of the slopes between any two (Theil and Sen). What V8 compiles when something happens for the
 * first time is one step, and no slope.
 */
function slopeOf(measurements: readonly Measurement[], of: "heapBytes" | "dataBytes"): number {
  const slopes = measurements.flatMap((one, index) =>
    measurements
      .slice(index + 1)
      .map((other) => (other[of] - one[of]) / (other.reports - one.reports)),
  );
  return slopes.toSorted((one, other) => one - other)[Math.floor(slopes.length / 2)] ?? 0;
}

const MOST_TIMERS = 40;
/** The one in use, and one that waits for its last answer. */
const MOST_SOCKETS = 2;
const mostOf = (measurements: readonly Measurement[], what: keyof Measurement) =>
  Math.max(...measurements.map((measurement) => measurement[what]));

proof(
  31,
  "30 days over a hostile network lose nothing and leave nothing in memory",
  async ({ seed, count }) => {
    const reports = count(REPORTS);
    const journal = journalOn(seed + 3);
    const world = await agentWorld({
      seed,
      intervalMs: INTERVAL_MS,
      mostSamples: reports + 10_000,
      journal,
    });
    const { clock, network, server, ledger, log } = world;
    const cpuBefore = process.cpuUsage();
    const random = seededRandom(seed + 4);
    const weather = hostileWeather({ clock, network, server, random, name, addresses });

    const seen: Measurement[] = [];
    const every = Math.floor(reports / MEASUREMENTS);
    for (let report = 1; report <= reports; report++) {
      await clock.advance(INTERVAL_MS);
      weather.step(INTERVAL_MS);
      world.expectSound();
      if (report % every === 0) seen.push(measure(world, report));
    }
    weather.calm();
    await clock.until(() => world.isDelivered(), 2 * DAY_MS);
    const { accepted, repeats } = ledger.counts;
    const context = `${JSON.stringify(weather.struck)}\n${JSON.stringify(seen)}\n${world.context()}`;
    expect(accepted, context).toBeGreaterThanOrEqual(reports);
    expect(world.journal.stats(), context).toMatchObject({ dropped: 0, storage: "disk" });

    const later = seen.slice(seen.length / 2);
    const slope = slopeOf(later, "dataBytes");
    expect(slope, context).toBeLessThan(reports < REPORTS ? MOST_AT_FIRST : MOST_BYTES_A_REPORT);
    const whole = slopeOf(later, "heapBytes");
    if (reports === REPORTS) expect(whole, context).toBeLessThan(MOST_BYTES_A_REPORT);
    // What is in flight, waits for an answer, or belongs to the server; the whole of it is gone in the end.
    expect(mostOf(later, "timers"), context).toBeLessThanOrEqual(MOST_TIMERS);
    expect(mostOf(later, "sockets"), context).toBeLessThanOrEqual(MOST_SOCKETS);
    const descriptors = new Set(seen.map((measurement) => measurement.descriptors));
    expect(descriptors.size, context).toBe(1);
    await world.end();
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpu = `${Math.round((user + system) / 1e6)} s of processor time`;
    return `${accepted} samples, 0 lost, ${repeats} sent twice, heap ${whole.toFixed(1)} B a report, ${slope.toFixed(1)} B without code, ${log.lines} lines of log, ${cpu}`;
  },
);

const SEVERAL_DAYS = 7;
const MOST_LINES = 200;

/** A log that repeats itself wears the card out. */
proof(31, "days without a server are told in a few lines", async ({ seed }) => {
  const told: string[] = [];
  for (const mood of ["silent", "away", "broken"] as const satisfies readonly ServerMood[]) {
    const world = await agentWorld({ seed, intervalMs: 300_000, mostSamples: 10_000 });
    const { clock, log, server } = world;
    await clock.advance(HOUR_MS);
    const before = log.lines;
    server.be(mood);
    await clock.advance(HOUR_MS);
    const hour = log.lines - before;
    await clock.advance(SEVERAL_DAYS * DAY_MS - HOUR_MS);
    const days = log.lines - before;
    const doublings = Math.log2((SEVERAL_DAYS * DAY_MS) / HOUR_MS);
    const most = Math.min(MOST_LINES - 1, hour + 5 * doublings);
    expect(days, `${mood}, ${world.context()}`).toBeLessThanOrEqual(most);
    server.be("well");
    await clock.until(() => world.isDelivered(), DAY_MS);
    await world.end();
    told.push(`${mood}: ${hour} in the first hour, ${days} in ${SEVERAL_DAYS} days`);
  }
  return `lines of log while the server is ${told.join("; ")}`;
});
