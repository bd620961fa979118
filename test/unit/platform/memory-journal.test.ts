import { expect, it } from "vitest";
import { memoryJournal } from "../../../agent/platform/memory-journal.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const forEver = 1e15;
const readings = Object.fromEntries(
  Array.from({ length: 14 }, (_, index) => [`cpu_temperature_${index}`, index / 3]),
);

it("a reload can narrow the bounds for what waits already", async () => {
  const clock = virtualClock();
  const journal = memoryJournal({ clock, maxBytes: 1e6, maxAgeMs: forEver });
  for (let ts = 0; ts < 500; ts++) await journal.append({ ts, readings });
  expect(journal.stats()).toEqual({ waiting: 500, dropped: 0 });
  journal.setBounds({ maxBytes: 100_000, maxAgeMs: forEver });
  const { waiting, dropped } = journal.stats();
  expect(waiting + dropped).toBe(500);
  expect(waiting).toBeLessThan(250);
  expect((await journal.newest())?.ts).toBe(499);
  await clock.advance(61_000);
  journal.setBounds({ maxBytes: 100_000, maxAgeMs: 60_000 });
  expect(journal.stats()).toEqual({ waiting: 0, dropped: 500 });
});

it("takes the memory it may, and hardly any of the heap", { timeout: 30_000 }, async () => {
  const maxBytes = 16e6;
  const journal = memoryJournal({ clock: virtualClock(), maxBytes, maxAgeMs: forEver });
  const before = process.memoryUsage();
  for (let ts = 0; journal.stats().dropped < 2_000; ts++) await journal.append({ ts, readings });
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  expect(journal.stats().waiting).toBeGreaterThan(20_000);
  // What was freed may not have been collected yet.
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan(1.5 * maxBytes);
  expect(heapUsed - before.heapUsed).toBeLessThan(2 * maxBytes);
});

it("finds, reads and forgets single entries far apart", async () => {
  const journal = memoryJournal({ clock: virtualClock(), maxBytes: 64e6, maxAgeMs: forEver });
  const ids: number[] = [];
  for (let ts = 0; ts < 5_000; ts++) ids.push(await journal.append({ ts, readings }));
  const keep = [ids[0], ids[777], ids[4_321]];
  await journal.settle(ids.filter((id) => !keep.includes(id)));
  expect((await journal.read({ fromId: 0, limit: 9 })).map(({ ts }) => ts)).toEqual([
    0, 777, 4_321,
  ]);
  expect((await journal.newest())?.ts).toBe(4_321);
  expect(journal.stats()).toEqual({ waiting: 3, dropped: 0 });
});

it("keeps an entry of any size and any script as it is", async () => {
  const journal = memoryJournal({ clock: virtualClock(), maxBytes: 1e6, maxAgeMs: forEver });
  const sample = { ts: 1.5e12, readings: { text: "温度 😀".repeat(20_000), list: [1, null, "é"] } };
  await journal.append({ ts: 1, readings });
  await journal.append(sample);
  const id = await journal.append({ ts: 2, readings });
  expect(await journal.read({ fromId: 0, limit: 9 })).toEqual([
    { id: id - 2, ts: 1, readings },
    { id: id - 1, ...sample },
    { id, ts: 2, readings },
  ]);
});
