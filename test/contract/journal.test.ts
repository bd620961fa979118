import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openJournal } from "../../agent/journal/journal.ts";
import { systemDisk } from "../../agent/platform/disk.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { Journal } from "../../agent/ports.ts";
import type { SegmentStore } from "../../agent/segment-store.ts";
import { takenAt, wideBounds } from "../support/a-journal.ts";
import { recordingLog } from "../support/recording-log.ts";
import { virtualClock } from "../support/virtual-clock.ts";

/** Every place that a journal may be kept in, by name. */
const places: Record<string, () => SegmentStore | null> = {
  memory: () => null,
  disk() {
    const folder = mkdtempSync(join(tmpdir(), "pipit-journal-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return segmentFolder(join(folder, "journal"), systemDisk);
  },
};

describe.each(Object.entries(places))("journal on %s", (_, place) => {
  const filled = async (count: number, bounds: Partial<typeof wideBounds> = {}, text = "") => {
    const clock = virtualClock();
    const journal = await openJournal({
      disk: place(),
      bounds: { ...wideBounds, ...bounds },
      windowMs: 0,
      bootId: "this-boot",
      clock,
      random: systemRandom,
      log: recordingLog(),
    });
    onTestFinished(() => journal[Symbol.asyncDispose]());
    const ids: number[] = [];
    for (let i = 0; i < count; i++)
      ids.push(
        await journal.append({ taken: takenAt(1_000 + i), readings: { i, text: `${i}${text}` } }),
      );
    return { clock, journal, ids };
  };
  const idsIn = async (journal: Journal, fromId = 0, limit = 100) =>
    (await journal.read({ fromId, limit })).map(({ id }) => id);

  it("gives rising ids and reads back what was appended, oldest first", async () => {
    const { journal, ids } = await filled(5);
    expect([...ids].sort((a, b) => a - b)).toEqual(ids);
    const entries = await journal.read({ fromId: 0, limit: 100 });
    expect(entries.map(({ taken }) => taken.ts)).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
    expect(entries[2]).toEqual({
      id: ids[2],
      taken: takenAt(1_002),
      readings: { i: 2, text: "2" },
    });
  });

  it("reads from an id on, and no more than asked", async () => {
    const { journal, ids } = await filled(5);
    expect(await idsIn(journal, ids[2])).toEqual(ids.slice(2));
    expect(await idsIn(journal, 0, 2)).toEqual(ids.slice(0, 2));
    expect(await idsIn(journal, (ids[4] ?? 0) + 1)).toEqual([]);
  });

  it("forgets exactly what is settled, in any order, once", async () => {
    const { journal, ids } = await filled(5);
    await journal.settle([ids[3] ?? 0, ids[0] ?? 0]);
    await journal.settle([ids[3] ?? 0, 999_999]);
    expect(await idsIn(journal)).toEqual([ids[1], ids[2], ids[4]]);
    expect(journal.stats()).toMatchObject({ waiting: 3, dropped: 0 });
  });

  it("finds the newest that is not settled", async () => {
    const { journal, ids } = await filled(4);
    expect((await journal.newest())?.id).toBe(ids[3]);
    await journal.settle([ids[3] ?? 0, ids[2] ?? 0]);
    expect((await journal.newest())?.id).toBe(ids[1]);
    await journal.settle(ids);
    expect(await journal.newest()).toBeNull();
  });

  it("drops the oldest beyond its size, counts them, and always keeps the newest", async () => {
    const { journal, ids } = await filled(150, { maxBytes: 100_000 }, "x".repeat(2_000));
    const { waiting, dropped, droppedBy } = journal.stats();
    expect(waiting + dropped).toBe(150);
    expect(droppedBy).toEqual({ size: dropped });
    // Of 49 that would fit a segment in eight may be on its way out, and another one not full yet.
    expect(waiting).toBeGreaterThan(30);
    expect(waiting).toBeLessThan(50);
    expect(await idsIn(journal)).toEqual(ids.slice(dropped));
  });

  it("drops what has waited too long, and counts it", async () => {
    const { clock, journal } = await filled(3, { maxAgeMs: 60_000 });
    await clock.advance(59_000);
    const late = { bootId: "this-boot", monotonicMs: clock.monotonic(), ts: 2_000 };
    await journal.append({ taken: late, readings: { i: 9 } });
    expect(journal.stats().waiting).toBe(4);
    await clock.advance(2_000);
    expect((await journal.read({ fromId: 0, limit: 9 })).map(({ taken }) => taken)).toEqual([late]);
    expect(journal.stats()).toMatchObject({ waiting: 1, dropped: 3, droppedBy: { age: 3 } });
  });

  it("does not count a wall clock that steps as age", async () => {
    const { clock, journal } = await filled(1, { maxAgeMs: 60_000 });
    clock.stepWall(1e12);
    expect(await idsIn(journal)).toHaveLength(1);
  });
});
