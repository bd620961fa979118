import type { TakenSample } from "../ports.ts";
import type { SegmentHeader } from "../segment-store.ts";
import { Damaged } from "./bytes.ts";
import { nextFrame } from "./frame.ts";
import type { IdRange } from "./id-ranges.ts";
import { type JournalFacts, type JournalState, recordsIn } from "./record.ts";
import { createSampleDecoder, type NumberedSample } from "./sample-record.ts";
import { HEADER_BYTES, sealOf } from "./segment-header.ts";

/** What a frame holds, or that something before it was lost. */
export interface Scanned {
  /** Where the next frame begins. */
  readonly end: number;
  readonly samples: readonly NumberedSample[];
  /** The last id in it, whether its sample can be read or not; 0: there is none. */
  readonly lastId: number;
  readonly settled: readonly IdRange[];
  readonly state: JournalState | null;
  readonly facts: JournalFacts | null;
}

/**
 * The frames of a segment, in order; over damage to the next sound one. Deltas whose keyframe was damaged are left out.
 * Ends where nothing sound follows.
 */
export function* scan(bytes: Uint8Array, header: SegmentHeader): Generator<Scanned> {
  const decoder = createSampleDecoder();
  const seal = sealOf(header);
  let at = HEADER_BYTES;
  for (;;) {
    const frame = nextFrame(bytes, at, seal);
    if (frame === null) return;
    at = frame.end;
    yield { end: frame.end, ...contentOf(frame.body, header.firstId, decoder) };
  }
}

function contentOf(
  body: Uint8Array,
  firstId: number,
  decoder: ReturnType<typeof createSampleDecoder>,
) {
  const samples: { id: number; sample: TakenSample }[] = [];
  const settled: IdRange[] = [];
  let state: JournalState | null = null;
  let facts: JournalFacts | null = null;
  let lastId = 0;
  try {
    for (const record of recordsIn(body, firstId, decoder)) {
      if ("id" in record) lastId = record.id;
      if (record.kind === "sample") samples.push(record);
      else if (record.kind === "progress") settled.push(...record.settled);
      else if (record.kind === "state") state = record.state;
      else if (record.kind === "facts") facts = record.facts;
    }
  } catch (error) {
    // Its checksum is right, and yet nobody can read it: what could be read of it counts.
    if (!(error instanceof Damaged)) throw error;
  }
  return { samples, lastId, settled, state, facts };
}
