import type { Moment, Random } from "../ports.ts";
import type { SegmentHeader, StoredSegment } from "../segment-store.ts";
import { Damaged } from "./bytes.ts";
import { frameAt } from "./frame.ts";
import type { JournalState } from "./record.ts";
import { recordsIn } from "./record.ts";
import { createSampleDecoder } from "./sample-record.ts";
import { HEADER_BYTES, sealOf } from "./segment-header.ts";

/** A stretch of the journal: samples with rising ids, in one file. */
export interface Segment {
  readonly header: SegmentHeader;
  file: StoredSegment;
  /** False: in memory, because the disk does not work or is not wanted. */
  onDisk: boolean;
  /** Where the next frame goes. */
  used: number;
  /** The id after its last one. */
  endId: number;
  /** Its first sample, as far as it is known; none before it was taken later. */
  readonly begun: Moment | null;
  /** How often it was made of two, by giving up every second sample. */
  readonly thinned: number;
  /**
   * The ids of its span that are not in it, each first one with its last: it says so itself, and no state has to. None while the
   * two that it was made of may come back.
   */
  holes: ReadonlyMap<number, number>;
  /** Something in it was lost: it is kept for the operator to look at. */
  isDamaged: boolean;
  /** How often reading it has failed. */
  failures: number;
  /** Monotonic; not read again before. */
  retryAtMs: number;
}

/** What an older file left in its blocks never passes for a frame of it. */
export const newSeed = (random: Random): number =>
  new DataView(random.bytes(4).buffer).getUint32(0);

export const noHoles: ReadonlyMap<number, number> = new Map();

/** As the name of its file begins. */
export const labelOf = ({ number }: SegmentHeader): string => number.toString(16).padStart(8, "0");

/** A segment that could not be read so often is read around what fails. */
export const MOST_FAILURES = 3;

/** The state that a segment begins with; null when it is damaged, or does not fit in these bytes of its beginning. */
export function stateAtBeginning(bytes: Uint8Array, header: SegmentHeader): JournalState | null {
  const frame = frameAt(bytes, HEADER_BYTES, sealOf(header));
  return frame && stateIn(frame.body, header.firstId);
}

/** Written by a later version: not ours to read, and not ours to delete. */
export class NewerFormat extends Error {
  override readonly name = "NewerFormat";
  readonly code = "ENEWER";
  constructor(number: number) {
    super(`segment ${number} of the journal was written by a later version of Pipit`);
  }
}

function stateIn(body: Uint8Array, firstId: number): JournalState | null {
  try {
    for (const record of recordsIn(body, firstId, createSampleDecoder()))
      if (record.kind === "state") return record.state;
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
  }
  return null;
}
