import { expect } from "vitest";
import type { DurableJournal } from "../../agent/journal/journal.ts";
import type { Readings } from "../../agent/ports.ts";
import { takenAt } from "../support/a-journal.ts";
import { type CrashDisk, crashDisk, type DiskImage } from "../support/crash-disk.ts";
import { journalOn } from "../support/disk-journal.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

/** How samples come and go while the disk is watched. */
interface Weather {
  readonly samples: number;
  /** Of `period` samples so many come while nothing is delivered. */
  readonly offline: number;
  readonly period: number;
  readonly longestNote: number;
  readonly thins: boolean;
  /** So many of the last come while the disk has no room for a segment: what is taken then may wait in memory. */
  readonly full?: number;
}

/** The smallest segments there are, so that a short course begins and recycles many. */
const boundsOf = ({ thins }: Weather) => ({ maxBytes: 128 * 1024, thins });

interface Step {
  /** Operations of the disk that were over when it was done. */
  readonly count: number;
  readonly accepted?: { readonly id: number; readonly readings: Readings; isOnDisk: boolean };
  readonly settled?: readonly number[];
  /** Those of them that were given up. */
  readonly refused?: readonly number[];
}

/** Samples that come, are delivered out of order, and pile up now and then; what became of each, and when. */
async function course(crash: CrashDisk, seed: number, weather: Weather): Promise<readonly Step[]> {
  const { fraction } = seededRandom(seed);
  let isFull = false;
  const disk = { ...crash.disk, freeBytes: async () => (isFull ? 0 : 1e12) };
  const clock = virtualClock();
  const journal = await journalOn(disk, { bounds: boundsOf(weather), seed, clock });
  const steps: Step[] = [];
  const durable = new Set<number>();
  for (let n = 1; n <= weather.samples; n++) {
    const length = Math.floor(fraction() * weather.longestNote);
    const readings = {
      n,
      load: Math.floor(fraction() * 5) / 4,
      ...(n % 7 === 0 || weather.thins || weather.full
        ? { note: String(n).padEnd(length, "x") }
        : {}),
    };
    isFull = n % weather.period >= weather.period - (weather.full ?? 0);
    await clock.advance(1_000);
    const id = await journal.append({ taken: takenAt(1_000 + n), readings });
    const isOnDisk = journal.stats().storage === "disk";
    if (isOnDisk) durable.add(id);
    steps.push({ count: crash.count, accepted: { id, readings, isOnDisk } });
    if (n % weather.period < weather.offline) continue;
    const live = await journal.newest();
    const backlog = await journal.read({ fromId: 0, limit: Math.floor(fraction() * 6) });
    // Now and then a segment in the middle is done with before the oldest is.
    const fromId = Math.floor(id - fraction() * 60);
    const middle = n % 10 === 0 ? await journal.read({ fromId, limit: 40 }) : [];
    const settled = [...(live ? [live] : []), ...middle, ...backlog].map((entry) => entry.id);
    const refused = weather.full ? settled.filter((one) => durable.has(one) && one % 3 === 0) : [];
    await journal.drop(refused, "refused");
    await journal.settle(settled);
    steps.push({ count: crash.count, settled, refused });
  }
  return steps;
}

async function waitingOn(image: DiskImage, weather: Weather) {
  const journal = await journalOn(crashDisk(image).disk, { bounds: boundsOf(weather) });
  const entries = await journal.read({ fromId: 0, limit: 10_000 });
  return { journal, entries };
}

/** Tells how many states it has seen, of how many operations. */
async function everyState(weather: Weather, seed: number, fraction: () => number) {
  const crash = crashDisk();
  const steps = await course(crash, seed, weather);
  const accepted = new Map(
    steps.flatMap((step) => (step.accepted ? [[step.accepted.id, step.accepted.readings]] : [])),
  );
  const due = steps.values();
  let step = due.next().value;
  const mustBeThere = new Set<number>();
  /** Taken into memory while the disk was full, and not delivered yet: a power cut may cost it, and then it is counted. */
  const inMemory = new Set<number>();
  const refused = new Set<number>();
  let states = 0;
  let thinned = 0;
  for (let index = 0; index <= crash.count; index++) {
    for (; step && step.count <= index; step = due.next().value) {
      if (step.accepted) (step.accepted.isOnDisk ? mustBeThere : inMemory).add(step.accepted.id);
      for (const id of step.refused ?? []) refused.add(id);
      for (const id of step.settled ?? []) {
        mustBeThere.delete(id);
        inMemory.delete(id);
      }
    }
    for (const image of crash.states(index, fraction)) {
      states++;
      const { journal, entries } = await waitingOn(image, weather);
      const context = `operation ${index}, state ${states}`;
      const found = new Map(entries.map(({ id, readings }) => [id, readings]));
      const { droppedBy, ...stats } = journal.stats();
      const lost = [...mustBeThere].filter((id) => !found.has(id));
      thinned = droppedBy.thinned ?? 0;
      // Thinned samples are counted, each of them, and nothing else is but what only memory had.
      if (lost.length !== thinned)
        expect.fail(`${context}: ${lost.length} are not there, ${thinned} counted: ${lost}`);
      for (const [id, readings] of found) expect(readings, context).toEqual(accepted.get(id));
      const missed = [...inMemory].filter((id) => !found.has(id));
      expect(droppedBy.damage ?? 0, context).toBeLessThanOrEqual(missed.length);
      // What was given up is counted where it is gone, and nowhere else.
      const gone = [...refused].filter((id) => !found.has(id)).length;
      expect(droppedBy.refused ?? 0, context).toBe(gone);
      const dropped = thinned + gone + (droppedBy.damage ?? 0);
      expect(stats, context).toMatchObject({ storage: "disk", problem: null, dropped });
      if (states % 50 === 0) await goesOn(journal, context);
    }
  }
  return { states, operations: crash.count, thinned };
}

/** It takes a new sample, and gives it back once more. */
async function goesOn(journal: DurableJournal, context: string): Promise<void> {
  const { waiting, dropped } = journal.stats();
  const id = await journal.append({ taken: takenAt(9_000), readings: { after: true } });
  const now = journal.stats();
  expect(now.waiting + now.dropped, context).toBe(waiting + dropped + 1);
  expect(await journal.newest(), context).toMatchObject({ id, readings: { after: true } });
}

proof(
  4,
  "no power cut loses an accepted sample, nor invents one",
  async ({ seed, random, count }) => {
    const wanted = count(8_000);
    // Between five and eight states a sample.
    const weather = {
      samples: wanted / 4,
      offline: 20,
      period: 50,
      longestNote: 900,
      thins: false,
    };
    const { states, operations } = await everyState(weather, seed, random.fraction);
    expect(states).toBeGreaterThanOrEqual(wanted);
    return `${states} states of ${operations} operations, 0 lost, 0 invented`;
  },
);

proof(
  4,
  "nor does one while a full journal is thinned: what it gives up is counted, sample by sample",
  async ({ seed, random, count }) => {
    const wanted = count(4_000);
    const weather = {
      samples: wanted / 4,
      offline: 48,
      period: 50,
      longestNote: 4_000,
      thins: true,
    };
    const { states, operations, thinned } = await everyState(weather, seed, random.fraction);
    expect(states).toBeGreaterThanOrEqual(wanted);
    expect(thinned).toBeGreaterThan(0);
    return `thinning: ${states} states of ${operations} operations, 0 lost, ${thinned} given up and counted`;
  },
);

proof(
  4,
  "nor does one while the disk is full now and then: what was delivered meanwhile is not missed",
  async ({ seed, random, count }) => {
    const wanted = count(4_000);
    const weather = {
      samples: wanted,
      offline: 40,
      period: 80,
      longestNote: 4_000,
      thins: false,
      full: 50,
    };
    const { states, operations } = await everyState(weather, seed, random.fraction);
    expect(states).toBeGreaterThanOrEqual(wanted);
    return `full disk: ${states} states of ${operations} operations, 0 lost of what was on it, nothing delivered counted as lost`;
  },
);
