import { expect, it } from "vitest";
import { createWriter, Damaged, readerOf } from "../../../agent/journal/bytes.ts";
import { createSampleDecoder, createSampleEncoder } from "../../../agent/journal/sample-record.ts";
import type { Moment, TakenSample } from "../../../agent/ports.ts";

const NOW = 1_795_341_600_000;
const at = (monotonicMs: number, ts: number | null, wallMs?: number): Moment => ({
  ...{ bootId: "b", monotonicMs, ts },
  ...(wallMs === undefined ? {} : { wallMs }),
});

function written(samples: readonly TakenSample[]): Uint8Array {
  const writer = createWriter();
  const encoder = createSampleEncoder();
  for (const [id, sample] of samples.entries()) encoder.write(writer, id, sample);
  return writer.bytes().slice();
}

it("gives back when a sample was taken, whether the clock was trusted, and what it showed if not", () => {
  const samples = [
    at(1_000, null, 12_345),
    at(11_000, null, 22_345),
    at(21_000, null),
    at(31_000, NOW),
    at(41_000, NOW - 3_600_000),
    at(51_000, null, 5),
  ].map((taken, n) => ({ taken, readings: { n } }));
  const from = readerOf(written(samples));
  const decoder = createSampleDecoder();
  const read = samples.map(() => decoder.read(from.byte(), from)?.sample);
  expect(read).toEqual(samples);
  expect(from.isAtEnd).toBe(true);
});

it("what a clock in 1970 showed costs a byte or two a sample", () => {
  const bytes = (moments: readonly Moment[]) =>
    written(moments.map((taken) => ({ taken, readings: { n: 1 } }))).length;
  const beats = Array.from({ length: 10 }, (_, beat) => 10_000 * beat);
  const bare = bytes(beats.map((ms) => at(ms, null)));
  expect(bytes(beats.map((ms) => at(ms, null, 20_000 + ms))) - bare).toBeLessThanOrEqual(30);
});

it("a mark of trust that no writer of ours has written is damage", () => {
  const bytes = written([{ taken: at(1_000, null, 12_345), readings: { n: 1 } }]);
  const mark = bytes.indexOf(0, 2 + 2 + 2);
  const broken = bytes.with(mark, 9);
  const from = readerOf(broken);
  expect(() => createSampleDecoder().read(from.byte(), from)).toThrow(Damaged);
});
