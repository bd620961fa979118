import { expect, it } from "vitest";
import type { DurableJournal } from "../../../agent/journal/journal.ts";
import { takenAt, wideBounds } from "../../support/a-journal.ts";
import { crashDisk } from "../../support/crash-disk.ts";
import { journalOn } from "../../support/disk-journal.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const KB = 1024;
const small = { maxBytes: 16 * 16 * KB };

async function fill(journal: DurableJournal, count: number, bytes = 0, first = 1) {
  for (let n = first; n < first + count; n++)
    await journal.append({
      taken: takenAt(1_000 * n),
      readings: { n, text: String(n).padEnd(bytes, "x") },
    });
}
const numbersIn = async (journal: DurableJournal) =>
  (await journal.read({ fromId: 0, limit: 100_000 })).map(({ readings }) => readings["n"]);
const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
const segmentsOn = async ({ disk }: ReturnType<typeof crashDisk>) =>
  (await disk.list("/journal")).filter((name) => name.endsWith(".seg"));

it("goes on in the newest segment after a restart: a crash loop must not wear the card", async () => {
  const crash = crashDisk();
  for (let run = 0; run < 20; run++) {
    const journal = await journalOn(crash.disk, { seed: run + 1 });
    await fill(journal, 3, 10, run * 3 + 1);
    // No clean stop: the next one finds it as a power cut leaves it.
  }
  expect(await segmentsOn(crash)).toHaveLength(1);
  const journal = await journalOn(crash.disk, { seed: 99 });
  expect(await numbersIn(journal)).toEqual(upTo(60));
});

it("what was settled or dropped while a write was under way is written down with the next one", async () => {
  const crash = crashDisk();
  const journal = await journalOn(crash.disk);
  await fill(journal, 3);
  const writing = journal.append({ taken: takenAt(9_000), readings: { n: 4 } });
  await journal.settle([1]);
  await journal.drop([2], "refused");
  await writing;
  await fill(journal, 1, 0, 5);
  const again = await journalOn(crash.disk, { seed: 2 });
  expect(await numbersIn(again)).toEqual([3, 4, 5]);
  expect(again.stats().droppedBy).toEqual({ refused: 1 });
});

it("begins a segment for what has no sample in it, without harm to one that comes meanwhile", async () => {
  const crash = crashDisk();
  const journal = await journalOn(crash.disk, { bounds: small });
  await fill(journal, 14, 2_000);
  journal.note("long", "x".repeat(6_000)); // there is no room for it beside them
  const saving = journal.sync();
  await fill(journal, 3, 0, 15);
  await saving;
  expect(await segmentsOn(crash)).toHaveLength(2);
  expect(await numbersIn(await journalOn(crash.disk, { seed: 2 }))).toEqual(upTo(17));
});

it("knows when the last sample was taken, where the newest segment has none and the others are gone", async () => {
  const crash = crashDisk();
  const journal = await journalOn(crash.disk, { bounds: small });
  await fill(journal, 14, 2_000);
  await journal.settle(upTo(14));
  const before = await segmentsOn(crash);
  journal.note("long", "x".repeat(6_000));
  await journal.sync();
  journal.note("more", 1); // with this write the others go
  await journal.sync();
  expect(await segmentsOn(crash)).toHaveLength(1);
  expect(await segmentsOn(crash)).not.toEqual(before);
  expect((await journalOn(crash.disk, { seed: 2 })).lastTs).toBe(14_000);
});

it("takes no sample without a time for as old as the last of a former run, where a segment begins without one", async () => {
  const crash = crashDisk();
  const former = { bootId: "a-former-boot", monotonicMs: 1, ts: 1_000 };
  const first = await journalOn(crash.disk, { bounds: small });
  await first.append({ taken: former, readings: { n: 1 } });
  const clock = virtualClock();
  const journal = await journalOn(crash.disk, { bounds: small, clock, seed: 2 });
  const taken = { bootId: "this-boot", monotonicMs: clock.monotonic(), ts: null };
  for (let n = 2; n < 16; n++)
    await journal.append({ taken, readings: { n, text: String(n).padEnd(2_000, "x") } });
  journal.note("long", "x".repeat(6_000));
  await journal.sync();
  expect(await segmentsOn(crash)).toHaveLength(2);
  await journal.append({ taken: { ...taken, ts: clock.now() }, readings: { n: 16 } });
  journal.setBounds({ ...wideBounds, ...small, maxAgeMs: 60_000 });
  expect(await numbersIn(journal)).toEqual(upTo(16, 2));
  expect(journal.stats().droppedBy).toEqual({ age: 1 }); // that of the former run
});

it("keeps a segment until it is on the disk that nobody waits for it", async () => {
  const crash = crashDisk();
  const journal = await journalOn(crash.disk, { bounds: small });
  await fill(journal, 17, 2_000);
  const before = await segmentsOn(crash);
  expect(before).toHaveLength(2);
  // Settled while the write is under way: the first segment is done now, and the disk does not know.
  const writing = journal.append({ taken: takenAt(18_000), readings: { n: 18 } });
  await journal.settle(upTo(17));
  await writing;
  expect(await segmentsOn(crash)).toEqual(before);
  await fill(journal, 1, 0, 19);
  expect(await segmentsOn(crash)).toHaveLength(1);
});

it("counts what the disk writes in the blocks of its file system, of 4 KiB where it does not say", async () => {
  const writtenWith = async (blockBytes: () => Promise<number>) => {
    const journal = await journalOn({ ...crashDisk().disk, blockBytes }, { bounds: small });
    await fill(journal, 1);
    return journal.stats().bytesWritten;
  };
  // The head of a segment, a sample, and the three that ext4 adds.
  expect(await writtenWith(async () => 1_024)).toBe((2 + 3) * KB);
  expect(
    await writtenWith(() => Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }))),
  ).toBe((2 + 3) * 4 * KB);
});

it("waits in memory while the disk has no room left, and returns a second after it has", async () => {
  const crash = crashDisk();
  const clock = virtualClock();
  const log = recordingLog();
  let free = 1e6;
  const disk = { ...crash.disk, freeBytes: async () => free };
  const bounds = { ...small, keepFreeBytes: 500_000 };
  const journal = await journalOn(disk, { clock, log, bounds });
  await fill(journal, 1, 2_000);
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null });
  free = 400_000;
  await fill(journal, 20, 2_000, 2);
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "ENOSPC", dropped: 0 });
  free = 1e6;
  await clock.advance(1_000);
  await fill(journal, 1, 2_000, 22);
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null });
  expect(log.lines.map(({ level }) => level)).toEqual(["error", "notice"]);
  const again = await journalOn(crash.disk, { seed: 2 });
  expect(await numbersIn(again)).toEqual(upTo(22));
});

it("a disk that does not work is tried once a minute, and what waits in memory wastes nothing", async () => {
  const crash = crashDisk();
  const clock = virtualClock();
  const log = recordingLog();
  const journal = await journalOn(crash.disk, { clock, log, bounds: small });
  await fill(journal, 1);
  crash.fail("EIO");
  // A segment of 16 KiB for each of these tries would drop samples long before the end.
  for (let minute = 0; minute < 60; minute++) {
    await fill(journal, 1, 100, minute + 2);
    await clock.advance(60_000);
  }
  expect(journal.stats()).toMatchObject({ waiting: 61, dropped: 0, problem: "EIO" });
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  crash.fail(null);
  await fill(journal, 1, 100, 62);
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null, waiting: 62 });
  const again = await journalOn(crash.disk, { seed: 2 });
  expect(await numbersIn(again)).toEqual(upTo(62));
});

it("stops writing when the budget of the day is used up, and goes on the next day", async () => {
  const crash = crashDisk();
  const clock = virtualClock();
  const log = recordingLog();
  const bounds = { ...small, maxBytesPerDay: 100 * KB };
  const journal = await journalOn(crash.disk, { clock, log, bounds });
  await fill(journal, 60);
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "budget", dropped: 0 });
  expect(journal.stats().bytesToday).toBeLessThanOrEqual(104 * KB);
  expect(log.lines.map(({ level }) => level)).toEqual(["warn"]);
  await clock.advance(86_400_000);
  await fill(journal, 1, 0, 61);
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null, waiting: 61 });
});

it("on_full thin: keeps the shape of a long outage, and counts what it gave up, over restarts too", async () => {
  const crash = crashDisk();
  const bounds = { ...small, thins: true };
  let journal = await journalOn(crash.disk, { bounds });
  for (let part = 0; part < 4; part++) {
    await fill(journal, 200, 1_900, part * 200 + 1);
    journal = await journalOn(crash.disk, { bounds, seed: part + 2 });
  }
  const { waiting, dropped, droppedBy } = journal.stats();
  expect(waiting + dropped).toBe(800);
  expect(droppedBy).toEqual({ thinned: dropped });
  const numbers = await numbersIn(journal);
  expect(numbers).toHaveLength(waiting);
  expect(numbers[0]).toBe(1);
  expect(numbers.at(-1)).toBe(800);
  // 800 samples in room for about 120: the newest are all there, the oldest are a 32nd, and nowhere is a hole.
  const steps = numbers.slice(1).map((n, index) => Number(n) - Number(numbers[index]));
  expect(Math.max(...steps)).toBe(32);
  expect(steps.slice(-20)).toEqual(Array(20).fill(1));
});

it.each([false, true])(
  "never takes more room than max_size and a segment; thins: %s",
  async (thins) => {
    const crash = crashDisk();
    const journal = await journalOn(crash.disk, { bounds: { ...small, thins } });
    let most = 0;
    for (let n = 1; n <= 400; n++) {
      await fill(journal, 1, 2_000, n);
      const names = (await crash.disk.list("/journal")).filter((name) => name.endsWith(".seg"));
      const files = await Promise.all(names.map((name) => crash.disk.open(`/journal/${name}`)));
      const sizes = await Promise.all(files.map((file) => crash.disk.size(file)));
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    }
    expect(most).toBeGreaterThan(small.maxBytes / 2);
    expect(most).toBeLessThanOrEqual(small.maxBytes + small.maxBytes / 8);
  },
);
