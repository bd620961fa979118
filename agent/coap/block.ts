import type { Block } from "./message.ts";

/** NUM has 20 bits (RFC 7959 §2.2). */
export const MAX_BLOCK_NUM = 2 ** 20 - 1;

export const sizeOf = (szx: number): number => 2 ** (szx + 4);

/** The largest block that fits `bytes`: 1024 is 6, 512 is 5. */
export const szxFor = (bytes: number): number =>
  Math.max(0, Math.min(6, Math.floor(Math.log2(bytes)) - 4));

export const offsetOf = (block: Block): number => block.num * sizeOf(block.szx);

export const packBlock = ({ num, more, szx }: Block): number => num * 16 + (more ? 8 : 0) + szx;

/** Null for SZX 7, which is reserved (RFC 7959 §2.2). An empty value is 0: block 0 of 16 bytes, the last. */
export function unpackBlock(value: number): Block | null {
  const szx = value & 7;
  return szx === 7 ? null : { num: value >>> 4, more: (value & 8) !== 0, szx };
}
