import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type ByteReader,
  createWriter,
  Damaged,
  LARGEST_SIGNED,
  readerOf,
} from "../../../agent/journal/bytes.ts";

const texts = fc.string({ unit: fc.constantFrom("a", "\0", "é", "§", "\uFEFF", "\u{1F600}") });

const written = (write: (to: ReturnType<typeof createWriter>) => void) => {
  const writer = createWriter();
  write(writer);
  return readerOf(writer.bytes());
};

it("gives back every whole number, and small ones are short", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(written((to) => to.count(value)).count()).toBe(value);
    }),
  );
  const signed = fc.integer({ min: 1 - LARGEST_SIGNED, max: LARGEST_SIGNED - 1 });
  fc.assert(
    fc.property(signed, (value) => {
      expect(written((to) => to.signed(value)).signed()).toBe(value);
    }),
  );
  const writer = createWriter();
  for (const value of [0, -64, 63, 127]) writer.count(Math.abs(value));
  expect(writer.length).toBe(4);
});

it("gives back every double and every text, one that begins with U+FEFF too", () => {
  fc.assert(
    fc.property(fc.double(), texts, (value, text) => {
      const from = written((to) => {
        to.double(value);
        to.text(`\uFEFF${text}`);
      });
      expect(from.double()).toBe(value);
      expect(from.text()).toBe(`\uFEFF${text}`);
      expect(from.isAtEnd).toBe(true);
    }),
  );
});

it("forgets what is cut off, and grows as it must", () => {
  const writer = createWriter();
  writer.byte(1);
  writer.text("x".repeat(5_000));
  writer.cut(1);
  writer.byte(2);
  expect([...writer.bytes()]).toEqual([1, 2]);
});

it("any bytes in, values or Damaged out", () => {
  const reads: readonly ((from: ByteReader) => unknown)[] = [
    (from) => from.byte(),
    (from) => from.count(),
    (from) => from.signed(),
    (from) => from.double(),
    (from) => from.text(),
  ];
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.nat(4)), (bytes, which) => {
      const from = readerOf(bytes);
      try {
        for (const index of which) reads[index]?.(from);
      } catch (error) {
        expect(error).toBeInstanceOf(Damaged);
      }
    }),
  );
});
