import type { SegmentHeader, SegmentStore, StoredSegment } from "../../agent/segment-store.ts";

interface Kept {
  readonly header: SegmentHeader;
  readonly bytes: Uint8Array;
}

/** A disk for segments that outlives whoever writes to it, in memory: what is written survives a power cut at once. */
export function memoryStore(): SegmentStore {
  const kept = new Map<number, Kept>();
  const stored = ({ bytes }: Kept): StoredSegment => ({
    bytes: bytes.length,
    read: async (at, length) => bytes.slice(at, at + length),
    write: async (at, data) => bytes.set(data, at),
    close: async () => {},
  });
  return {
    list: async () =>
      [...kept.values()].map(({ header }) => header).toSorted((a, b) => a.number - b.number),
    async open({ number }) {
      const found = kept.get(number);
      if (found === undefined) throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
      return stored(found);
    },
    async create(header, bytes, head) {
      const made = { header, bytes: new Uint8Array(bytes) };
      made.bytes.set(head);
      kept.set(header.number, made);
      return stored(made);
    },
    async remove({ number }) {
      kept.delete(number);
    },
    async setAside({ number }) {
      kept.delete(number);
    },
    freeBytes: async () => Number.POSITIVE_INFINITY,
    blockBytes: async () => 4_096,
  };
}
