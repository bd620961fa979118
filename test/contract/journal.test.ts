import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../agent/platform/memory-journal.ts";
import type { Clock, Journal } from "../../agent/ports.ts";
import { virtualClock } from "../support/virtual-clock.ts";

type Bounds = { readonly maxBytes: number; readonly maxAgeMs: number };
const wide: Bounds = { maxBytes: 1e6, maxAgeMs: 1e12 };

/** Every implementation of the port, by name. */
const implementations: Record<string, (clock: Clock, bounds: Bounds) => Journal> = {
  memory: (clock, bounds) => memoryJournal({ clock, ...bounds }),
};

describe.each(Object.entries(implementations))("%s journal", (_, open) => {
  const filled = async (count: number, bounds = wide) => {
    const clock = virtualClock();
    const journal = open(clock, bounds);
    const ids: number[] = [];
    for (let i = 0; i < count; i++)
      ids.push(await journal.append({ ts: 1_000 + i, readings: { i } }));
    return { clock, journal, ids };
  };
  const idsIn = async (journal: Journal, fromId = 0, limit = 100) =>
    (await journal.read({ fromId, limit })).map(({ id }) => id);

  it("gives rising ids and reads back what was appended, oldest first", async () => {
    const { journal, ids } = await filled(5);
    expect([...ids].sort((a, b) => a - b)).toEqual(ids);
    const entries = await journal.read({ fromId: 0, limit: 100 });
    expect(entries.map(({ ts }) => ts)).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
    expect(entries[2]).toEqual({ id: ids[2], ts: 1_002, readings: { i: 2 } });
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
    expect(journal.stats()).toEqual({ waiting: 3, dropped: 0 });
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
    const { journal, ids } = await filled(50, { maxBytes: 500, maxAgeMs: 1e12 });
    const { waiting, dropped } = journal.stats();
    expect(waiting).toBeGreaterThan(0);
    expect(waiting + dropped).toBe(50);
    expect(await idsIn(journal)).toEqual(ids.slice(dropped));
    const { journal: tiny } = await filled(3, { maxBytes: 1, maxAgeMs: 1e12 });
    expect(tiny.stats()).toEqual({ waiting: 1, dropped: 2 });
  });

  it("drops what has waited too long, and counts it", async () => {
    const { clock, journal } = await filled(3, { maxBytes: 1e6, maxAgeMs: 60_000 });
    await clock.advance(59_000);
    await journal.append({ ts: 2_000, readings: { i: 9 } });
    expect(journal.stats().waiting).toBe(4);
    await clock.advance(2_000);
    expect((await journal.read({ fromId: 0, limit: 9 })).map(({ ts }) => ts)).toEqual([2_000]);
    expect(journal.stats()).toEqual({ waiting: 1, dropped: 3 });
  });

  it("does not count a wall clock that steps as age", async () => {
    const { clock, journal } = await filled(1, { maxBytes: 1e6, maxAgeMs: 60_000 });
    clock.stepWall(1e12);
    expect(await idsIn(journal)).toHaveLength(1);
  });
});
