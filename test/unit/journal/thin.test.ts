import { expect, it } from "vitest";
import type { DurableJournal } from "../../../agent/journal/journal.ts";
import type { Disk } from "../../../agent/platform/disk.ts";
import { takenAt } from "../../support/a-journal.ts";
import { crashDisk, type DiskImage } from "../../support/crash-disk.ts";
import { journalOn } from "../../support/disk-journal.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const KB = 1024;
const bounds = { maxBytes: 256 * KB, thins: true };

async function fill(journal: DurableJournal, first: number, last: number) {
  for (let n = first; n <= last; n++)
    await journal.append({ taken: takenAt(10_000 * n), readings: { n, on: n % 3 === 0 } });
}
const idsIn = async (journal: DurableJournal) =>
  (await journal.read({ fromId: 0, limit: 100_000 })).map(({ id }) => id);

const SAMPLES = 20_000;
let course: Promise<{ image: DiskImage; dropped: number; most: number; least: number }> | null =
  null;

/** Twice what there is room for, and more, of samples so small that there are many gaps and few bytes. */
async function runCourse() {
  const crash = crashDisk();
  let journal = await journalOn(crash.disk, { bounds });
  let [most, least] = [0, Number.POSITIVE_INFINITY];
  for (let n = 0; n < SAMPLES; n += 500) {
    await fill(journal, n + 1, n + 500);
    const { waiting, dropped } = journal.stats();
    most = Math.max(most, waiting);
    if (dropped > 0) least = Math.min(least, waiting);
    if (n % 5_000 === 0) journal = await journalOn(crash.disk, { bounds, seed: n + 2 });
  }
  await journal.sync();
  const [image = expect.fail()] = [...crash.states(crash.count, () => 0)].slice(-1);
  return { image, dropped: journal.stats().dropped, most, least };
}

async function thinned(change: (files: Map<string, Uint8Array>) => void = () => {}) {
  course ??= runCourse();
  const { image, ...known } = await course;
  const files = new Map(image);
  change(files);
  const { disk } = crashDisk(files);
  return { ...known, disk, journal: await journalOn(disk, { bounds, seed: 77 }) };
}

it("small samples fill the room there is, however many were given up between them", async () => {
  const { journal, most, least, dropped } = await thinned();
  expect(least).toBeGreaterThan(most / 2);
  const { waiting, droppedBy, bytesWritten } = journal.stats();
  expect(droppedBy).toEqual({ thinned: dropped });
  expect(waiting + dropped).toBe(SAMPLES);
  const ids = await idsIn(journal);
  expect(ids).toHaveLength(waiting);
  expect(ids.at(-1)).toBe(SAMPLES);
  // A note costs a block, not the list of all that was given up.
  journal.note("late", 1);
  await journal.sync();
  expect(journal.stats().bytesWritten - bytesWritten).toBeLessThanOrEqual(5 * 4 * KB);
});

it("what is delivered of a thinned segment stays delivered, over a restart too", async () => {
  const { disk, journal, dropped } = await thinned();
  const ids = await idsIn(journal);
  await journal.settle(ids.slice(0, 100));
  await journal.settle(ids.slice(-3));
  await journal.sync();
  const again = await journalOn(disk, { bounds, seed: 78 });
  expect(await idsIn(again)).toEqual(ids.slice(100, -3));
  expect(again.stats().dropped).toBe(dropped);
});

it("with a damaged beginning it still knows what it has given up: nothing of that is missed", async () => {
  const { journal, dropped } = await thinned((files) => {
    const [oldest = ""] = [...files.keys()].filter((path) => path.endsWith(".seg")).sort();
    const bytes = Uint8Array.from(files.get(oldest) ?? []);
    files.set(oldest, bytes.fill(0, 32, 64));
  });
  expect(await idsIn(journal)).toHaveLength(SAMPLES - dropped);
  expect(journal.stats().dropped).toBe(dropped);
});

it("what could not be opened at the start says later what it has given up", async () => {
  course ??= runCourse();
  const { image, dropped } = await course;
  const { disk } = crashDisk(image);
  const [oldest = ""] = [...image.keys()].filter((path) => path.endsWith(".seg")).sort();
  let fails = true;
  const open = async (path: string) => {
    if (fails && path === oldest) throw Object.assign(new Error("EIO"), { code: "EIO" });
    return disk.open(path);
  };
  const journal = await journalOn({ ...disk, open }, { bounds, seed: 79 });
  fails = false;
  expect(await idsIn(journal)).toHaveLength(SAMPLES - dropped);
  expect(journal.stats()).toMatchObject({ dropped, waiting: SAMPLES - dropped });
});

it("and where a part of it can never be read only that is missed", async () => {
  course ??= runCourse();
  const { image, dropped } = await course;
  const { disk } = crashDisk(image);
  const [oldest = ""] = [...image.keys()].filter((path) => path.endsWith(".seg")).sort();
  const io = () => Object.assign(new Error("EIO"), { code: "EIO" });
  let fails = true;
  const files = new Set<number>();
  const broken: Disk = {
    ...disk,
    async open(path) {
      if (fails && path === oldest) throw io();
      const file = await disk.open(path);
      if (path === oldest) files.add(file);
      return file;
    },
    async read(file, at, length) {
      if (files.has(file) && at <= 16_384 && at + length > 16_384) throw io();
      return disk.read(file, at, length);
    },
  };
  const clock = virtualClock();
  const journal = await journalOn(broken, { bounds, seed: 79, clock });
  fails = false;
  for (let tries = 0; tries < 5; tries++) {
    await idsIn(journal);
    await clock.advance(60_000);
  }
  const { waiting, droppedBy } = journal.stats();
  const { damage = 0, ...others } = droppedBy;
  expect(others).toEqual({ thinned: dropped });
  expect(damage).toBeGreaterThan(0);
  expect(damage).toBeLessThan(1_000); // a block, not what thinning has left out as well
  expect(waiting + damage).toBe(SAMPLES - dropped);
});

it("what cannot be read while two segments become one is counted as damaged", async () => {
  const before = crashDisk();
  const whole = await journalOn(before.disk, { bounds });
  const samples = 8_000;
  await fill(whole, 1, samples);
  expect(whole.stats().dropped).toBe(0);
  const [image = expect.fail()] = [...before.states(before.count, () => 0)].slice(-1);
  const files = new Map(image);
  const [, second = ""] = [...files.keys()].filter((path) => path.endsWith(".seg")).sort();
  files.set(second, Uint8Array.from(files.get(second) ?? []).fill(0, 12_288, 16_384));
  const { disk } = crashDisk(files);
  const journal = await journalOn(disk, { bounds, seed: 2 });
  let taken = samples;
  while (!journal.stats().droppedBy.thinned) await fill(journal, ++taken, taken);
  await journal.sync();
  const again = await journalOn(disk, { bounds, seed: 3 });
  const ids = await idsIn(again);
  const { waiting, dropped, droppedBy } = again.stats();
  expect(ids).toHaveLength(waiting);
  expect(droppedBy.damage).toBeGreaterThan(0);
  expect(waiting + dropped).toBe(taken);
});

it("a segment that is done with between two others takes neither of them along", async () => {
  const { disk } = crashDisk();
  const journal = await journalOn(disk, { bounds });
  const samples = 8_000;
  await fill(journal, 1, samples);
  const done = (await journal.read({ fromId: 1_100, limit: 1_300 })).map(({ id }) => id);
  let taken = samples;
  while (!journal.stats().droppedBy.thinned) {
    await journal.settle(done); // with what comes next it is written down
    await fill(journal, ++taken, taken);
  }
  await journal.sync();
  const again = await journalOn(disk, { bounds, seed: 2 });
  const ids = await idsIn(again);
  const { waiting, dropped, droppedBy } = again.stats();
  expect(ids).toHaveLength(waiting);
  expect(droppedBy).toEqual({ thinned: dropped });
  expect(waiting + dropped + done.length).toBe(taken);
});

it("keeps to the daily budget: then the oldest goes", async () => {
  const maxBytesPerDay = 600 * KB;
  const journal = await journalOn(crashDisk().disk, {
    bounds: { ...bounds, maxBytes: 128 * KB, maxBytesPerDay },
  });
  for (let n = 1; n <= 400; n++)
    await journal.append({
      taken: takenAt(n),
      readings: { n, text: String(n).padEnd(2_000, "x") },
    });
  const { bytesToday, droppedBy, waiting, dropped } = journal.stats();
  expect(bytesToday).toBeLessThan(maxBytesPerDay + 32 * KB);
  expect(Object.keys(droppedBy).sort()).toEqual(["size", "thinned"]);
  expect(waiting + dropped).toBe(400);
});
