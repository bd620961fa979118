import type { SegmentStore, StoredSegment } from "../segment-store.ts";

/**
 * Segments in memory: where there is no disk, and while it does not work. The bytes lie outside the JavaScript heap,
 * which is held small so that a leak ends the process.
 */
export function ramStore(): SegmentStore {
  return {
    list: async () => [],
    open: async ({ number }) => {
      throw new Error(`segment ${number} has never been in memory`);
    },
    create: async (_header, bytes, head) => ramSegment(bytes, head),
    remove: async () => {},
    setAside: async () => {},
    freeBytes: async () => Number.POSITIVE_INFINITY,
    blockBytes: async () => 1,
  };
}

function ramSegment(size: number, head: Uint8Array): StoredSegment {
  const bytes = new Uint8Array(size);
  bytes.set(head);
  return {
    bytes: size,
    read: async (at, length) => bytes.subarray(at, at + length),
    write: async (at, data) => bytes.set(data, at),
    close: async () => {},
  };
}
