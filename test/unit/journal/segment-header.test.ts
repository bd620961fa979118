import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32 } from "../../../agent/crc32.ts";
import { readHeader, sealOf, writeHeader } from "../../../agent/journal/segment-header.ts";

const header = fc.record({
  number: fc.nat(2 ** 31 - 1),
  seed: fc.nat(2 ** 31 - 1),
  firstId: fc.integer({ min: 1, max: 1e15 }),
});

it("gives back what was written, and its seal is its own", () => {
  fc.assert(
    fc.property(header, header, (one, other) => {
      expect(readHeader(writeHeader(one))).toEqual(one);
      fc.pre(JSON.stringify(one) !== JSON.stringify(other));
      expect(sealOf(one)).not.toBe(sealOf(other));
    }),
  );
});

it("is damaged with any byte changed, and with any of it missing", () => {
  fc.assert(
    fc.property(header, fc.nat(31), fc.integer({ min: 1, max: 255 }), (one, at, change) => {
      const bytes = writeHeader(one);
      expect(readHeader(bytes.subarray(0, at))).toBe("damaged");
      bytes[at] = (bytes[at] ?? 0) ^ change;
      expect(readHeader(bytes)).toBe("damaged");
    }),
  );
});

it("a newer one is told from a damaged one", () => {
  const bytes = writeHeader({ number: 1, seed: 2, firstId: 3 });
  const view = new DataView(bytes.buffer);
  view.setUint16(4, 9, true);
  view.setUint32(28, crc32(bytes, 0, 0, 28), true);
  expect(readHeader(bytes)).toBe("newer");
});
