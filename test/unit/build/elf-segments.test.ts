import { expect, it } from "vitest";
import { sharedPages } from "../../../build/elf-segments.ts";

interface Segment {
  readonly type?: number;
  readonly writable: boolean;
  readonly start: number;
  readonly bytes: number;
}

const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;

/** An Elf64 file of nothing but a header and these program headers. */
function elf(...segments: readonly Segment[]): Buffer {
  const file = Buffer.alloc(HEADER_BYTES + segments.length * ENTRY_BYTES);
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // e_phoff
  file.writeUInt16LE(ENTRY_BYTES, 54); // e_phentsize
  file.writeUInt16LE(segments.length, 56); // e_phnum
  segments.forEach(({ type = 1, writable, start, bytes }, index) => {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(writable ? 6 : 4, at + 4);
    file.writeBigUInt64LE(BigInt(start), at + 16);
    file.writeBigUInt64LE(BigInt(bytes), at + 40);
  });
  return file;
}

const text = { writable: false, start: 0, bytes: 0x5000 };
const bss = { writable: true, start: 0x7100000, bytes: 0x3c600 };

it("accepts a segment on a 64 KiB page of its own behind .bss", () => {
  expect(sharedPages(elf(text, bss, { writable: false, start: 0xed40000, bytes: 8 }))).toBeNull();
});

it("refuses a segment that begins in the 16 KiB page that .bss ends in", () => {
  // What `node --build-sea` made of Node 26.10 for arm64.
  const injected = { writable: false, start: 0x713d000, bytes: 0x400 };
  expect(sharedPages(elf(text, bss, injected))).toContain("0x713d000");
});

it("does not depend on the order in the file", () => {
  const injected = { writable: false, start: 0x713d000, bytes: 0x400 };
  expect(sharedPages(elf(injected, bss, text))).toContain("0x713d000");
});

it("looks at loaded segments only", () => {
  const note = { type: 4, writable: false, start: 0x713c700, bytes: 0x20 };
  expect(sharedPages(elf(text, bss, note))).toBeNull();
});

it("refuses a file without segments", () => {
  expect(sharedPages(elf())).toBe("not a 64-bit ELF program");
});
