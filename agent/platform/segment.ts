/** Below the least bound on the outbox (100 KB) by far, and large enough that what V8 adds to a buffer does not count. */
const SEGMENT_BYTES = 16_384;

/** State (1 waiting, 0 forgotten), length of the text, when it was accepted. */
const HEADER_BYTES = 1 + 4 + 8;

/** A stretch of a journal: entries with consecutive ids, one behind the other in one buffer. */
export interface Segment {
  readonly firstId: number;
  readonly buffer: Buffer;
  usedBytes: number;
  entries: number;
  /** Those that were not forgotten. */
  waiting: number;
}

export interface SegmentEntry {
  readonly id: number;
  /** Where its header begins. */
  readonly offset: number;
  readonly acceptedMs: number;
}

/** `reuse`: a buffer that is not needed any more; taken if it is of the usual size. */
export function openSegment(firstId: number, text: Uint8Array, reuse: Buffer | null): Segment {
  const size = Math.max(SEGMENT_BYTES, HEADER_BYTES + text.length);
  const buffer = reuse?.length === size ? reuse : Buffer.allocUnsafeSlow(size);
  return { firstId, buffer, usedBytes: 0, entries: 0, waiting: 0 };
}

/** False when the segment is full: then the entry begins the next one. */
export function appendTo(segment: Segment, text: Uint8Array, acceptedMs: number): boolean {
  const { buffer, usedBytes: at } = segment;
  if (at + HEADER_BYTES + text.length > buffer.length) return false;
  buffer.writeUInt8(1, at);
  buffer.writeUInt32LE(text.length, at + 1);
  buffer.writeDoubleLE(acceptedMs, at + 5);
  buffer.set(text, at + HEADER_BYTES);
  segment.usedBytes += HEADER_BYTES + text.length;
  segment.entries++;
  segment.waiting++;
  return true;
}

/** Those that wait, oldest first. */
export function* waitingIn({ buffer, firstId, entries }: Segment): Generator<SegmentEntry, void> {
  let offset = 0;
  for (let id = firstId; id < firstId + entries; id++) {
    if (buffer.readUInt8(offset) === 1) {
      yield { id, offset, acceptedMs: buffer.readDoubleLE(offset + 5) };
    }
    offset += HEADER_BYTES + buffer.readUInt32LE(offset + 1);
  }
}

export function textAt({ buffer }: Segment, offset: number): string {
  const start = offset + HEADER_BYTES;
  return buffer.toString("utf8", start, start + buffer.readUInt32LE(offset + 1));
}

export function forgetIn(segment: Segment, offset: number): void {
  segment.buffer.writeUInt8(0, offset);
  segment.waiting--;
}
