import fc from "fast-check";
import { expect, it } from "vitest";
import { createWriter, Damaged, readerOf } from "../../../agent/journal/bytes.ts";
import {
  createSampleDecoder,
  createSampleEncoder,
  LONGEST_GROUP,
} from "../../../agent/journal/sample-record.ts";
import type { TakenSample } from "../../../agent/ports.ts";

const keys = fc.oneof(
  fc.constantFrom("cpuUsage", "load1", "toString", "__proto__", "constructor"),
  fc.string(),
);
const samples: fc.Arbitrary<TakenSample> = fc.record({
  taken: fc.record({
    bootId: fc.constantFrom("one boot", "another"),
    monotonicMs: fc.maxSafeNat().map((ms) => Math.floor(ms / 4)),
    ts: fc.option(fc.integer({ min: 1, max: 2e12 })),
  }),
  readings: fc
    .array(fc.tuple(keys, fc.oneof(fc.integer(), fc.boolean(), fc.string())))
    .map((entries) => Object.fromEntries(entries)),
});

/** Each in a record of its own. */
function recordsOf(given: readonly TakenSample[]): Uint8Array[] {
  const encoder = createSampleEncoder();
  return given.map((sample, id) => {
    const writer = createWriter();
    encoder.write(writer, id, sample);
    return writer.bytes();
  });
}

function decoded(records: readonly Uint8Array[]) {
  const decoder = createSampleDecoder();
  return records.map((record) => {
    const from = readerOf(record);
    return decoder.read(from.byte(), from);
  });
}

it("any samples in, the same samples out", () => {
  fc.assert(
    fc.property(fc.array(samples, { maxLength: 40 }), (given) => {
      expect(decoded(recordsOf(given))).toEqual(given.map((sample, id) => ({ id, sample })));
    }),
  );
});

it("with a record lost, every sample is as it was or has lost its keyframe, and tells its id", () => {
  fc.assert(
    fc.property(fc.array(samples, { minLength: 1, maxLength: 40 }), fc.nat(), (given, lost) => {
      const records = recordsOf(given);
      const hole = lost % records.length;
      const left = records.flatMap((record, id) => (id === hole ? [] : [{ record, id }]));
      const read = decoded(left.map(({ record }) => record));
      for (const [index, { id }] of left.entries()) {
        const { sample } = read[index] ?? expect.fail("missing");
        expect(read[index]?.id).toBe(id);
        if (sample !== null) expect(sample).toEqual(given[id]);
        else expect(id - hole).toSatisfy((back: number) => back > 0 && back < LONGEST_GROUP);
      }
    }),
  );
});

it("a lost delta costs itself only", () => {
  const sample = { taken: { bootId: "b", monotonicMs: 5, ts: null }, readings: { load1: 1 } };
  const records = recordsOf(Array.from({ length: LONGEST_GROUP }, () => sample));
  records.splice(3, 1);
  expect(decoded(records).every((read) => read.sample !== null)).toBe(true);
});

it("any bytes in, samples or Damaged out", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (records) => {
      const decoder = createSampleDecoder();
      for (const [index, record] of records.entries()) {
        try {
          decoder.read(1 + (index % 2), readerOf(record));
        } catch (error) {
          expect(error).toBeInstanceOf(Damaged);
        }
      }
    }),
  );
});
