import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32 } from "../../agent/crc32.ts";

it("is the CRC-32 of zlib, whole or in parts", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, at) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      const cut = at % (bytes.length + 1);
      const before = crc32(bytes, 0, 0, cut);
      expect(before).toBe(zlibCrc32(bytes.subarray(0, cut)));
      expect(crc32(bytes, before, cut)).toBe(zlibCrc32(bytes));
    }),
  );
});

it("has the check value of its kind", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});
