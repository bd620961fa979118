import { crc32 } from "../crc32.ts";

/**
 * One write to the disk: two marks, the length of the body (32 bits, little-endian), the CRC of that length and the body,
 * the body. The CRC is seeded with the seal of its segment and with the place: what an older file left in these blocks never
 * passes, nor what a failing card wrote to another place than it was told, nor what stands under another segment's name.
 */
const MARKS = [0xa7, 0x50] as const;
const HEADER_BYTES = 10;

/** Written behind the last frame: where something else stands, a write was cut off there, or damage has hit it. */
export const END = new Uint8Array(MARKS.length);

/** `at`: where it will stand. An empty body is never written: a zeroed block holds no frame. */
export function frameOf(body: Uint8Array, seal: number, at: number): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(frame.buffer);
  frame.set(MARKS);
  view.setUint32(2, body.length, true);
  frame.set(body, HEADER_BYTES);
  view.setUint32(6, crcOf(frame, 0, body.length, placed(seal, at)), true);
  return frame;
}

export const frameBytes = (bodyBytes: number): number => HEADER_BYTES + bodyBytes;

export interface Frame {
  readonly at: number;
  /** Where the next one begins. */
  readonly end: number;
  readonly body: Uint8Array;
}

/** The frame that begins at `at`; null where none does, or a damaged one. */
export function frameAt(bytes: Uint8Array, at: number, seal: number): Frame | null {
  if (at + HEADER_BYTES >= bytes.length) return null;
  if (bytes[at] !== MARKS[0] || bytes[at + 1] !== MARKS[1]) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(at + 2, true);
  const start = at + HEADER_BYTES;
  if (length === 0 || length > bytes.length - start) return null;
  if (view.getUint32(at + 6, true) !== crcOf(bytes, at, length, placed(seal, at))) return null;
  return { at, end: start + length, body: bytes.subarray(start, start + length) };
}

/**
 * The next frame from `from` on, over damage if need be: it is searched byte by byte. Null when nothing follows: then
 * what stands there is a torn tail, or nothing.
 */
export function nextFrame(bytes: Uint8Array, from: number, seal: number): Frame | null {
  for (let at = from; at >= 0 && at < bytes.length; at = bytes.indexOf(MARKS[0], at + 1)) {
    const frame = frameAt(bytes, at, seal);
    if (frame !== null) return frame;
    if (at === bytes.length - 1) return null;
  }
  return null;
}

/** Whether the last frame ends here, and nothing was cut off behind it. */
export const isCleanEnd = (bytes: Uint8Array, at: number): boolean =>
  END.every((byte, index) => (bytes[at + index] ?? byte) === byte);

const placed = (seal: number, at: number) => (seal ^ at) >>> 0;

const crcOf = (bytes: Uint8Array, at: number, bodyBytes: number, seal: number) =>
  crc32(
    bytes,
    crc32(bytes, seal, at + 2, at + 6),
    at + HEADER_BYTES,
    at + HEADER_BYTES + bodyBytes,
  );
