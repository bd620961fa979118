import { expect, it } from "vitest";
import type { DurableJournal } from "../../../agent/journal/journal.ts";
import type { Disk } from "../../../agent/platform/disk.ts";
import { takenAt } from "../../support/a-journal.ts";
import { crashDisk } from "../../support/crash-disk.ts";
import { journalOn } from "../../support/disk-journal.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const KB = 1024;
const bounds = { maxBytes: 256 * KB, keepFreeBytes: 1_000_000 };

async function fill(journal: DurableJournal, first: number, last: number) {
  for (let n = first; n <= last; n++)
    await journal.append({
      taken: takenAt(1_000 * n),
      readings: { n, text: String(n).padEnd(2_000, "x") },
    });
}
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** Samples on a disk that then has no room for more; the next ones wait in memory. */
async function fullDisk() {
  const crash = crashDisk();
  let free = 1e12;
  const disk = { ...crash.disk, freeBytes: async () => free };
  const journal = await journalOn(disk, { bounds });
  await fill(journal, 1, 30);
  free = 0;
  await fill(journal, 31, 40);
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "ENOSPC", waiting: 40 });
  const segments = async () =>
    (await disk.list("/journal")).filter((name) => name.endsWith(".seg"));
  return { crash, journal, segments };
}

it("lets segments go that are delivered while the disk is full, and after a power cut misses nothing of them", async () => {
  const { crash, journal, segments } = await fullDisk();
  const before = (await segments()).length;
  await journal.settle(upTo(20));
  await fill(journal, 41, 41);
  expect((await segments()).length).toBeLessThan(before);
  const again = await journalOn(crash.disk, { seed: 2 });
  const entries = await again.read({ fromId: 0, limit: 100 });
  // What was delivered of a segment that is still there may come again; the server stores it once.
  expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining(upTo(30).slice(20)));
  expect(again.stats().dropped).toBe(0);
});

it("counters and notes outlast a time in memory in which all was delivered", async () => {
  const crash = crashDisk();
  const clock = virtualClock();
  const budget = { maxBytes: 256 * KB, maxBytesPerDay: 200 * KB };
  const journal = await journalOn(crash.disk, { clock, bounds: budget });
  await fill(journal, 1, 3);
  await journal.drop([1, 2], "refused");
  journal.note("clock", { lastTs: 42 });
  for (let n = 4; n < 80; n++) {
    await fill(journal, n, n);
    await journal.settle(upTo(n));
  }
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "budget", waiting: 0 });
  await journal[Symbol.asyncDispose]();
  const again = await journalOn(crash.disk, { seed: 2, clock, bounds: budget });
  expect(again.stats().droppedBy).toEqual({ refused: 2 });
  expect(again.noted("clock")).toEqual({ lastTs: 42 });
});

it("a day that turns with the clock ends a spent budget at once", async () => {
  const crash = crashDisk();
  const clock = virtualClock();
  const budget = { maxBytes: 256 * KB, maxBytesPerDay: 100 * KB };
  const journal = await journalOn(crash.disk, { clock, bounds: budget });
  await fill(journal, 1, 60);
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "budget" });
  clock.stepWall(86_400_000);
  await clock.advance(1_000);
  await fill(journal, 61, 61);
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null, waiting: 61 });
});

it("a stop while room is short for what waits in memory writes once", async () => {
  const crash = crashDisk();
  const clock = virtualClock();
  let free = 1e12;
  let writes = 0;
  const disk: Disk = {
    ...crash.disk,
    freeBytes: async () => free,
    async rename(from, to) {
      await crash.disk.rename(from, to);
      if (to.endsWith(".seg")) free = 0; // room for one segment, and no more
    },
    async write(file, at, bytes) {
      writes++;
      await crash.disk.write(file, at, bytes);
    },
  };
  const journal = await journalOn(disk, { bounds, clock });
  await fill(journal, 1, 60);
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "ENOSPC" });
  free = 1e12;
  await clock.advance(1_000);
  await fill(journal, 61, 61);
  expect(journal.stats().storage).toBe("disk");
  writes = 0;
  await fill(journal, 62, 62);
  await journal[Symbol.asyncDispose]();
  expect(writes).toBeLessThanOrEqual(2);
});

it("thinning leaves room for the segment that comes next", async () => {
  const crash = crashDisk();
  // Beside what is to be kept free, room for two segments of 32 KiB, whatever the journal lets go.
  const disk: Disk = { ...crash.disk, freeBytes: async () => 1_000_000 + 2.5 * 32 * KB };
  const journal = await journalOn(disk, { bounds: { ...bounds, thins: true } });
  await fill(journal, 1, 300);
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null });
  expect(journal.stats().droppedBy).not.toHaveProperty("thinned");
});
