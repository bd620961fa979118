/** Elf64 (elf(5)): offsets in the file header and in each program header. */
const FILE = { programHeaders: 32, headerSize: 54, headerCount: 56 } as const;
const HEADER = { type: 0, flags: 4, address: 16, memorySize: 40 } as const;
const PT_LOAD = 1;
const PF_W = 2;

const LARGEST_PAGE_BYTES = 64 * 1024;

/**
 * Null when no later segment begins in a page that a writable one ends in; else where it does.
 * Kernels with 16 KiB pages (Raspberry Pi 5) and 64 KiB pages map whole pages, so such a segment would cover the tail
 * of .bss: it starts, and a write there kills it.
 */
export function sharedPages(elf: Buffer): string | null {
  const first = Number(elf.readBigUInt64LE(FILE.programHeaders));
  const size = elf.readUInt16LE(FILE.headerSize);
  const count = elf.readUInt16LE(FILE.headerCount);
  const segments = Array.from({ length: count }, (_, index) => first + index * size)
    .filter((at) => elf.readUInt32LE(at + HEADER.type) === PT_LOAD)
    .map((at) => {
      const start = Number(elf.readBigUInt64LE(at + HEADER.address));
      const end = start + Number(elf.readBigUInt64LE(at + HEADER.memorySize));
      return { start, end, writable: (elf.readUInt32LE(at + HEADER.flags) & PF_W) !== 0 };
    });
  if (segments.length === 0) return "not a 64-bit ELF program";
  for (const { end, start } of segments.filter(({ writable }) => writable))
    for (const later of segments.filter((other) => other.start > start))
      if (later.start - (later.start % LARGEST_PAGE_BYTES) < end)
        return `the segment at 0x${later.start.toString(16)} shares a page with writable memory that ends at 0x${end.toString(16)}`;
  return null;
}
