import { expect, it } from "vitest";
import { createIdRanges } from "../../../agent/journal/id-ranges.ts";
import { createLedger } from "../../../agent/journal/ledger.ts";
import { ramStore } from "../../../agent/journal/ram-store.ts";
import { noHoles } from "../../../agent/journal/segment.ts";

const ledgerOf = (nextId = 1) =>
  createLedger({
    segments: [],
    leftover: [],
    settled: createIdRanges(),
    dropped: {},
    notes: {},
    nextId,
    nextNumber: 1,
    resume: null,
    lastTs: null,
  });

it("knows what waits, from both ends", () => {
  const ledger = ledgerOf(11);
  ledger.settle(1, 3);
  ledger.settle(9, 10);
  expect(ledger.waiting).toBe(5);
  expect(ledger.firstWaiting(0)).toBe(4);
  expect(ledger.newestWaiting()).toBe(8);
  expect(ledger.isWaiting(10)).toBe(false);
  expect(ledger.takeId()).toBe(11);
  expect(ledger.newestWaiting()).toBe(11);
  ledger.settle(1, 11);
  expect(ledger.firstWaiting(0)).toBeNull();
  expect(ledger.newestWaiting()).toBeNull();
});

it("counts each sample that is given up once, and none that was delivered", () => {
  const ledger = ledgerOf(11);
  ledger.settle(2, 3);
  expect(ledger.settle(1, 5, "damage")).toBe(3);
  expect(ledger.settle(1, 5, "age")).toBe(0);
  expect(ledger.settle(8, 1e15, "size")).toBe(3);
  expect(ledger.dropped).toEqual({ damage: 3, size: 3 });
});

it("gives what is to be written until it is written, and says where a counter has changed", () => {
  const ledger = ledgerOf(11);
  expect(ledger.unsaved()).toEqual({ settled: [], isChanged: false });
  ledger.settle(4, 4);
  expect(ledger.unsaved()).toEqual({ settled: [[4, 4]], isChanged: false });
  ledger.settle(5, 5);
  expect(ledger.unsaved()).toEqual({ settled: [[4, 5]], isChanged: false });
  ledger.saved("disk");
  expect(ledger.hasUnsaved).toBe(false);
  ledger.settle(6, 6, "age");
  expect(ledger.unsaved()).toEqual({ settled: [[6, 6]], isChanged: true });
  expect(ledger.state(null)).toMatchObject({ settled: [[4, 6]], dropped: { age: 1 } });
});

it("what comes while a write is under way is not taken for written", () => {
  const ledger = ledgerOf(11);
  ledger.settle(4, 4);
  ledger.unsaved();
  ledger.settle(5, 5);
  ledger.saved("disk");
  expect(ledger.unsaved().settled).toEqual([[5, 5]]);
});

it("what was written to memory alone keeps a segment of the disk, until the disk is told", async () => {
  const ledger = ledgerOf(11);
  const header = { number: 1, seed: 1, firstId: 1 };
  const file = ramStore().create(header, 100, new Uint8Array());
  const segment = {
    ...{ header, file: await file, onDisk: true, used: 100, endId: 11, begun: null, thinned: 0 },
    ...{ holes: noHoles, isDamaged: false, failures: 0, retryAtMs: 0 },
  };
  ledger.settle(1, 10);
  ledger.unsaved();
  ledger.saved("memory");
  expect(ledger.isReleasable(segment)).toBe(false);
  expect(ledger.inMemoryOnly(3, 1_000)).toEqual([[3, 10]]);
  ledger.brought([[1, 10]]);
  expect(ledger.isReleasable(segment)).toBe(true);
});

it("a note that says nothing new is not written", () => {
  const ledger = ledgerOf();
  ledger.note("boots", { a: 1 });
  ledger.unsaved();
  ledger.saved("disk");
  ledger.note("boots", { a: 1 });
  expect(ledger.hasUnsaved).toBe(false);
});
