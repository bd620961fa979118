import { expect } from "vitest";
import { type DurableJournal, openJournal } from "../../agent/journal/journal.ts";
import type { Disk } from "../../agent/platform/disk.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { Readings } from "../../agent/ports.ts";
import { takenAt, wideBounds } from "../support/a-journal.ts";
import { type CrashDisk, crashDisk, type DiskImage } from "../support/crash-disk.ts";
import { recordingLog } from "../support/recording-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

/** The smallest segments there are, so that a short course begins and recycles many. */
const bounds = { ...wideBounds, maxBytes: 128 * 1024 };

const open = (disk: Disk, seed: number): Promise<DurableJournal> =>
  openJournal({
    disk: segmentFolder("/journal", disk),
    bounds,
    windowMs: 0,
    bootId: "this-boot",
    clock: virtualClock(),
    random: seededRandom(seed),
    log: recordingLog(),
  });

interface Step {
  /** Operations of the disk that were over when it was done. */
  readonly count: number;
  readonly accepted?: { readonly id: number; readonly readings: Readings };
  readonly settled?: readonly number[];
}

/** Samples that come, are delivered out of order, and pile up now and then; what became of each, and when. */
async function course(crash: CrashDisk, seed: number, samples: number): Promise<readonly Step[]> {
  const { fraction } = seededRandom(seed);
  const journal = await open(crash.disk, seed);
  const steps: Step[] = [];
  for (let n = 1; n <= samples; n++) {
    const readings = {
      n,
      load: Math.floor(fraction() * 5) / 4,
      ...(n % 7 === 0 ? { note: "x".repeat(Math.floor(fraction() * 900)) } : {}),
    };
    const id = await journal.append({ taken: takenAt(1_000 + n), readings });
    steps.push({ count: crash.count, accepted: { id, readings } });
    if (n % 50 < 20) continue; // offline: nothing is delivered
    const live = await journal.newest();
    const backlog = await journal.read({ fromId: 0, limit: Math.floor(fraction() * 6) });
    const settled = [...(live ? [live] : []), ...backlog].map((entry) => entry.id);
    await journal.settle(settled);
    steps.push({ count: crash.count, settled });
  }
  return steps;
}

async function waitingOn(image: DiskImage) {
  const journal = await open(crashDisk(image).disk, 1);
  const entries = await journal.read({ fromId: 0, limit: 10_000 });
  return { journal, entries };
}

proof(
  4,
  "no power cut loses an accepted sample, nor invents one",
  async ({ seed, random, count }) => {
    const { fraction } = random;
    const wanted = count(10_000);
    const crash = crashDisk();
    // Between five and eight states a sample.
    const steps = await course(crash, seed, wanted / 4);
    const accepted = new Map(
      steps.flatMap((step) => (step.accepted ? [[step.accepted.id, step]] : [])),
    );
    const due = steps.values();
    let step = due.next().value;
    const mustBeThere = new Set<number>();
    let states = 0;
    for (let index = 0; index <= crash.count; index++) {
      for (; step && step.count <= index; step = due.next().value) {
        if (step.accepted) mustBeThere.add(step.accepted.id);
        for (const id of step.settled ?? []) mustBeThere.delete(id);
      }
      for (const image of crash.states(index, fraction)) {
        states++;
        const { journal, entries } = await waitingOn(image);
        const context = `seed ${seed}, operation ${index}, state ${states}`;
        const found = new Map(entries.map(({ id, readings }) => [id, readings]));
        for (const id of mustBeThere)
          if (!found.has(id)) expect.fail(`${context}: sample ${id} is lost`);
        for (const [id, readings] of found)
          expect(readings, context).toEqual(accepted.get(id)?.accepted?.readings);
        expect(journal.stats(), context).toMatchObject({
          storage: "disk",
          problem: null,
          dropped: 0,
        });
        if (states % 50 === 0) await goesOn(journal, context);
      }
    }
    expect(states).toBeGreaterThanOrEqual(wanted);
    return `${states} states of ${crash.count} operations, 0 lost, 0 invented`;
  },
);

/** It takes a new sample, and gives it back once more. */
async function goesOn(journal: DurableJournal, context: string): Promise<void> {
  const { waiting } = journal.stats();
  const id = await journal.append({ taken: takenAt(9_000), readings: { after: true } });
  expect(journal.stats().waiting, context).toBe(waiting + 1);
  expect(await journal.newest(), context).toMatchObject({ id, readings: { after: true } });
}
