import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { JournalBounds } from "../../agent/journal/bounds.ts";
import { type DurableJournal, openJournal } from "../../agent/journal/journal.ts";
import { systemDisk } from "../../agent/platform/disk.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { Random } from "../../agent/ports.ts";
import { wideBounds } from "../support/a-journal.ts";
import { recordingLog } from "../support/recording-log.ts";
import { ownDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

interface World {
  readonly journal: DurableJournal;
  readonly clock: VirtualClock;
  readonly log: ReturnType<typeof recordingLog>;
  /** Of all segments, in bytes. */
  used(): number;
  accept(count: number, bytes: number): Promise<void>;
  accepted(): number;
}

/** The journal on the kernel's file system; only the time is ours. */
async function worldIn(
  folder: string,
  random: Random,
  bounds: Partial<JournalBounds>,
): Promise<World> {
  const clock = virtualClock();
  const log = recordingLog();
  const journal = await openJournal({
    disk: segmentFolder(folder, systemDisk),
    bounds: { ...wideBounds, ...bounds },
    windowMs: 0,
    bootId: "this-boot",
    clock,
    random,
    log,
  });
  onTestFinished(() => journal[Symbol.asyncDispose]());
  let accepted = 0;
  return {
    journal,
    clock,
    log,
    used: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".seg"))
        .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    async accept(count, bytes) {
      for (let left = count; left > 0; left--) {
        const n = ++accepted;
        const taken = {
          bootId: "this-boot",
          monotonicMs: Math.floor(clock.monotonic()),
          ts: clock.now(),
        };
        await journal.append({ taken, readings: { n, text: `${n}`.padEnd(bytes, "x") } });
      }
    },
    accepted: () => accepted,
  };
}

/** What can be read back is what is said to wait, and with what was dropped it is all there ever was. */
async function expectExact({ journal, accepted }: World): Promise<void> {
  const { waiting, dropped } = journal.stats();
  const entries = await journal.read({ fromId: 0, limit: 1e9 });
  expect(entries).toHaveLength(waiting);
  expect(new Set(entries.map(({ readings }) => readings["n"])).size).toBe(waiting);
  expect(waiting + dropped).toBe(accepted());
}

proof(
  6,
  "a full disk costs nothing but durability, and is used again",
  async ({ random, count }) => {
    const { folder } = ownDisk("size=2m");
    const ballast = join(folder, "ballast");
    const world = await worldIn(join(folder, "journal"), random, { maxBytes: 16e6 });
    const { journal, clock, log } = world;
    await world.accept(1, 500);
    expect(journal.stats().storage).toBe("disk");
    // ENOSPC from the kernel, at whatever byte it may be.
    expect(() => writeFileSync(ballast, new Uint8Array(4e6))).toThrow("ENOSPC");
    await world.accept(count(6_000), 500);
    expect(journal.stats()).toMatchObject({ storage: "memory", problem: "ENOSPC", dropped: 0 });
    await expectExact(world);
    // Live data goes on: the newest can be read, and what was delivered goes.
    const newest = await journal.newest();
    expect(newest?.readings["n"]).toBe(world.accepted());
    await journal.settle(newest ? [newest.id] : []);
    const { waiting } = journal.stats();

    // In memory no more than 8 MiB: then the oldest go, and each of them is counted.
    const more = Math.ceil((12 * 1024 * 1024) / 4_000);
    await world.accept(more, 4_000);
    const full = journal.stats();
    expect(full.droppedBy).toEqual({ memory: full.dropped });
    expect(full.waiting + full.dropped).toBe(waiting + more);
    const entries = await journal.read({ fromId: 0, limit: 1e9 });
    expect(entries).toHaveLength(full.waiting);
    const large = entries.filter(({ readings }) => String(readings["text"]).length === 4_000);
    expect(large.length * 4_000).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(full.dropped).toBeGreaterThan(0);

    rmSync(ballast);
    await journal.settle(
      (await journal.read({ fromId: 0, limit: full.waiting - 100 })).map((e) => e.id),
    );
    await clock.advance(60_000);
    await world.accept(1, 500);
    expect(journal.stats()).toMatchObject({ storage: "disk", problem: null, waiting: 101 });
    expect(log.lines.map(({ level }) => level)).toEqual(["error", "notice"]);
    return `${world.accepted()} samples, ${full.dropped} dropped of more than 8 MiB and counted, back on the disk`;
  },
);

proof(6, "with too little free space the journal takes none of it", async ({ random, count }) => {
  const { folder } = ownDisk("size=4m");
  const ballast = join(folder, "ballast");
  writeFileSync(ballast, new Uint8Array(2_600_000));
  const keepFreeBytes = 1e6;
  const bounds = { maxBytes: 16e6, keepFreeBytes };
  const world = await worldIn(join(folder, "journal"), random, bounds);
  await world.accept(count(10_000), 600);
  expect(world.journal.stats()).toMatchObject({ storage: "memory", problem: "ENOSPC", dropped: 0 });
  expect(await systemDisk.freeBytes(folder)).toBeGreaterThanOrEqual(keepFreeBytes);
  const free = await systemDisk.freeBytes(folder);
  rmSync(ballast);
  await world.clock.advance(1_000);
  await world.accept(1, 600);
  expect(world.journal.stats()).toMatchObject({ storage: "disk", problem: null });
  await expectExact(world);
  return `${free} bytes left free of ${keepFreeBytes} to keep, on the disk again one second after there was more`;
});

for (const thins of [false, true]) {
  const name = thins ? "thinning" : "dropping the oldest";
  proof(7, `max_size holds while ${name}, and the counter is exact`, async ({ random, count }) => {
    const maxBytes = 1e6;
    const world = await worldIn(temporaryFolder(), random, { maxBytes, thins });
    let most = 0;
    for (let done = 0; done < count(15_000); done += 20) {
      await world.accept(20, 700);
      most = Math.max(most, world.used());
    }
    expect(most).toBeLessThanOrEqual(maxBytes + maxBytes / 8);
    await expectExact(world);
    const { dropped, droppedBy } = world.journal.stats();
    expect(droppedBy).toEqual({ [thins ? "thinned" : "size"]: dropped });
    return `${name}: ${world.accepted()} samples, ${dropped} dropped and counted, at most ${most} bytes of ${maxBytes}`;
  });
}

proof(7, "max_age holds, and the counter is exact", async ({ random, count }) => {
  const maxAgeMs = 3_600_000;
  const world = await worldIn(temporaryFolder(), random, { maxAgeMs });
  const samples = count(5_000);
  let oldest = 0;
  for (let n = 1; n <= samples; n++) {
    await world.accept(1, 100);
    await world.clock.advance(10_000);
    if (n % 100 !== 0) continue;
    const [first] = await world.journal.read({ fromId: 0, limit: 1 });
    oldest = Math.max(oldest, world.clock.monotonic() - (first?.taken.monotonicMs ?? 0));
  }
  expect(oldest).toBeLessThanOrEqual(maxAgeMs);
  await expectExact(world);
  const { waiting, droppedBy } = world.journal.stats();
  expect(droppedBy).toEqual({ age: samples - waiting });
  return `${samples} samples, one every 10 s: ${waiting} wait, ${droppedBy.age} are too old and counted`;
});
