import type { StoredSegment } from "../segment-store.ts";
import { codeOf } from "./disk-standing.ts";

/** What a disk reads at once, and fails to read at once. */
const BLOCK_BYTES = 4_096;

export interface ReadAround {
  readonly bytes: Uint8Array;
  /** Blocks that the disk does not give: zeros stand in their place. */
  readonly unreadable: number;
}

/** The first `length` bytes of a segment, without those that cannot be read: one bad block costs what lies in it. */
export async function readAround(file: StoredSegment, length: number): Promise<ReadAround> {
  const whole = await unlessFailed(() => file.read(0, length));
  if (whole !== null) return { bytes: whole, unreadable: 0 };
  const bytes = new Uint8Array(length);
  let unreadable = 0;
  for (let at = 0; at < length; at += BLOCK_BYTES) {
    const block = await unlessFailed(() => file.read(at, Math.min(BLOCK_BYTES, length - at)));
    if (block === null) unreadable++;
    else bytes.set(block, at);
  }
  return { bytes, unreadable };
}

/** Once more after an error of the system's: of a disk that is about to fail, that is often enough. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return work();
  }
}

/** Null where the system says that it failed. */
export async function unlessFailed(read: () => Promise<Uint8Array>): Promise<Uint8Array | null> {
  try {
    return await read();
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
