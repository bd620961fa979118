export interface SegmentHeader {
  /** Segments follow each other by this number, which is in the file's name, too. */
  readonly number: number;
  /** Random: what an older segment left in its blocks never passes for its own. */
  readonly seed: number;
  readonly firstId: number;
}

/** One segment's bytes, of a fixed size. Errors are the system's, with their `code`. */
export interface StoredSegment {
  readonly bytes: number;
  /** Fewer bytes than asked for only at its end. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Resolves when it survives a power cut. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Where segments are kept. What their headers say is in their names, too: a damaged header costs nothing. */
export interface SegmentStore {
  /** By rising number. */
  list(): Promise<readonly SegmentHeader[]>;
  open(header: SegmentHeader): Promise<StoredSegment>;
  /** Begins with `head`; it and the segment's name survive a power cut when this resolves, or neither is there. */
  create(header: SegmentHeader, bytes: number, head: Uint8Array): Promise<StoredSegment>;
  /**
   * `bytes`: its size, for the store may keep its blocks for the next one: after a power cut the old name may then stand
   * for what is written there. Null: its content is never touched, and once this resolves it does not come back.
   */
  remove(header: SegmentHeader, bytes: number | null): Promise<void>;
  /** Keeps it for the operator to look at, under another name. */
  setAside(header: SegmentHeader): Promise<void>;
  /** What an ordinary user may still write. */
  freeBytes(): Promise<number>;
  /** What a byte changed has its device write, in bytes. */
  blockBytes(): Promise<number>;
}
