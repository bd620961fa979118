import fc from "fast-check";
import { expect, it } from "vitest";
import { createWriter, Damaged, readerOf } from "../../../agent/journal/bytes.ts";
import { isSameValue, readValue, writeValue } from "../../../agent/journal/value.ts";
import type { Reading } from "../../../agent/ports.ts";

const bytesOf = (value: Reading) => {
  const writer = createWriter();
  writeValue(writer, value);
  return writer.bytes();
};

/** Any reading; in JSON there is no -0. */
const readings: fc.Arbitrary<Reading> = fc.oneof(
  fc.boolean(),
  fc.double(),
  fc.integer(),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => Math.round(value * 1e3) / 1e3),
  fc.string({ unit: fc.constantFrom("a", "\0", "é", "\uFEFF", "\u{1F600}") }),
  fc.array(fc.integer()),
  fc.dictionary(fc.string(), fc.integer()),
);

it("gives back every value as it was", () => {
  fc.assert(
    fc.property(readings, (value) => {
      const read = readValue(readerOf(bytesOf(value)));
      expect(read).toEqual(value);
      expect(isSameValue(read, value)).toBe(true);
    }),
  );
});

it.each<[Reading, number]>([
  [true, 1],
  [0, 2],
  [48.199, 5],
  [0.1, 3],
  [-0, 9],
  [Math.PI, 9],
  [2 ** 53, 9],
  ["idle", 6],
])("writes %s in %i bytes", (value, bytes) => {
  expect(bytesOf(value)).toHaveLength(bytes);
});

it("any bytes in, a value or Damaged out", () => {
  fc.assert(
    fc.property(fc.nat(8), fc.uint8Array(), (form, rest) => {
      try {
        expect(readValue(readerOf(Uint8Array.of(form, ...rest)))).not.toBeNull();
      } catch (error) {
        expect(error).toBeInstanceOf(Damaged);
      }
    }),
  );
});
