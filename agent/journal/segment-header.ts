import { crc32 } from "../crc32.ts";
import type { SegmentHeader } from "../segment-store.ts";

/** Raised when a reader of the old form could misread the new one. */
const FORMAT_VERSION = 1;
const MAGIC = [0x50, 0x49, 0x50, 0x4a] as const; // "PIPJ"

export const HEADER_BYTES = 32;
const NUMBER_AT = 8;
const CRC_AT = 28;

/** Magic, version, number, seed, first id, CRC; all little-endian. */
export function writeHeader({ number, seed, firstId }: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint16(4, FORMAT_VERSION, true);
  view.setUint32(NUMBER_AT, number, true);
  view.setUint32(12, seed, true);
  view.setFloat64(16, firstId, true);
  view.setUint32(CRC_AT, crc32(bytes, 0, 0, CRC_AT), true);
  return bytes;
}

/** What the checksums of its frames begin with, in every version: no segment's frame is sound in any other. */
export function sealOf(header: SegmentHeader): number {
  const known = seals.get(header);
  if (known !== undefined) return known;
  const seal = crc32(writeHeader(header), 0, NUMBER_AT, NUMBER_AT + 16);
  seals.set(header, seal);
  return seal;
}

/** It is asked for with every write. */
const seals = new WeakMap<SegmentHeader, number>();

/** `newer`: written by a later version of Pipit, and none of our business; `damaged`: by nobody. */
export function readHeader(bytes: Uint8Array): SegmentHeader | "newer" | "damaged" {
  if (bytes.length < HEADER_BYTES) return "damaged";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return "damaged";
  if (view.getUint32(CRC_AT, true) !== crc32(bytes, 0, 0, CRC_AT)) return "damaged";
  if (view.getUint16(4, true) > FORMAT_VERSION) return "newer";
  return {
    number: view.getUint32(NUMBER_AT, true),
    seed: view.getUint32(12, true),
    firstId: view.getFloat64(16, true),
  };
}
