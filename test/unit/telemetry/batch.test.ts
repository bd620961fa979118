import { expect, it } from "vitest";
import { packBatch } from "../../../agent/telemetry/batch.ts";
import type { OutboxEntry } from "../../../agent/telemetry/outbox.ts";

const TS = 1_795_341_600_000;
const options = { precision: 3, isDecimal: () => false };
const entry = (id: number, text = "x"): OutboxEntry => ({ id, ts: TS + id, readings: { text } });
const noLimit = Number.POSITIVE_INFINITY;
const pack = (entries: OutboxEntry[], maxBytes = 1_024, maxEntries = 32, maxPoints = noLimit) => {
  const batch = packBatch(entries, { maxBytes, maxEntries, maxPoints }, options);
  const text = batch.payload && new TextDecoder().decode(batch.payload);
  return { text, ...batch, ids: batch.pieces.map(({ id }) => id) };
};

it("sends one sample as a bare record", () => {
  expect(pack([entry(1)]).text).toBe(`{"ts":${TS + 1},"values":{"text":"x"}}`);
});

it("sends several as an array, in the order given", () => {
  const { text, ids } = pack([entry(3), entry(1), entry(2)]);
  expect(ids).toEqual([3, 1, 2]);
  expect(JSON.parse(text ?? "").map(({ ts }: { ts: number }) => ts - TS)).toEqual([3, 1, 2]);
});

it.each([60, 100, 1_024])("never makes an array larger than %i bytes", (maxBytes) => {
  const entries = Array.from({ length: 40 }, (_, i) => entry(i, "é".repeat(i % 7)));
  const { text, ids } = pack(entries, maxBytes);
  expect(ids.length).toBeGreaterThan(0);
  expect(new TextEncoder().encode(text ?? "").length).toBeLessThanOrEqual(maxBytes);
});

it("takes a sample that is too large alone: Block1 carries it", () => {
  const { text, ids } = pack([entry(1, "y".repeat(3_000)), entry(2)]);
  expect(ids).toEqual([1]);
  expect(text?.length).toBeGreaterThan(3_000);
});

it("takes no more entries than allowed", () => {
  expect(pack([entry(1), entry(2), entry(3)], 1_024, 2).ids).toEqual([1, 2]);
});

it("an entry with nothing sendable is done with, not sent: [] would never be answered", () => {
  const empty = { id: 1, ts: TS, readings: { ts: 5 } };
  expect(pack([empty])).toMatchObject({ text: null, ids: [1], refused: [{ key: "ts" }] });
  expect(pack([empty, entry(2)])).toMatchObject({ ids: [1, 2] });
});

const many = (id: number, count: number): OutboxEntry => ({
  id,
  ts: TS + id,
  readings: Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])),
});

it("takes no more data points than allowed", () => {
  const { ids, points } = pack([many(1, 3), many(2, 3), many(3, 3)], 1_024, 32, 7);
  expect({ ids, points }).toEqual({ ids: [1, 2], points: 6 });
});

it("cuts a sample that alone has more data points than allowed, and leaves the next one out", () => {
  const { text, points, cut, ids } = pack([many(1, 5), many(2, 1)], 1_024, 32, 2);
  expect({ text, points, cut, ids }).toEqual({
    text: `{"ts":${TS + 1},"values":{"k0":0,"k1":1}}`,
    points: 2,
    cut: many(1, 5),
    ids: [1],
  });
});

it("cuts a sample of more than 64 KiB, in bytes and not in characters", () => {
  const readings = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`k${i}`, "é".repeat(2_000)]),
  );
  const { payload, points, cut } = pack([{ id: 1, ts: TS, readings }]);
  expect(payload?.length).toBeLessThanOrEqual(64 * 1_024 + 100);
  expect(points).toBe(16);
  expect(cut).not.toBeNull();
});
