import type { DropReason, Json, Moment } from "../ports.ts";
import { type ByteReader, type ByteWriter, Damaged, readerOf } from "./bytes.ts";
import type { IdRange } from "./id-ranges.ts";
import { type NumberedSample, SAMPLE, type SampleDecoder } from "./sample-record.ts";

/** Kinds of records beside samples; the numbers are on people's cards, and never change. */
const PROGRESS = 3;
const STATE = 4;

/** Everything that a journal must remember beside its samples; the last one written counts. */
export interface JournalState {
  /** Delivered, or given up; of all that the segments before this record hold. */
  readonly settled: readonly IdRange[];
  /** Samples given up, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** When the first sample of the segment was taken that this stands at the beginning of. */
  readonly begun: Moment | null;
  /** How often the segment that this stands at the beginning of was thinned; absent: never. */
  readonly thinned?: number;
  /** Small facts of other parts, by name. */
  readonly notes: Readonly<Record<string, Json>>;
}

export type JournalRecord =
  | ({ readonly kind: "sample" } & NumberedSample)
  | { readonly kind: "progress"; readonly settled: readonly IdRange[] }
  | { readonly kind: "state"; readonly state: JournalState };

/** Ids that were settled since the last such record. */
export function writeProgress(to: ByteWriter, settled: readonly IdRange[]): void {
  to.byte(PROGRESS);
  to.count(settled.length);
  let last = 0;
  for (const [from, end] of settled) {
    to.count(from - last);
    to.count(end - from);
    last = end;
  }
}

export function writeState(to: ByteWriter, state: JournalState): void {
  to.byte(STATE);
  to.text(JSON.stringify(state));
}

/**
 * The records of one frame, as far as they can be read: after a delta without its keyframe nothing is.
 * `firstId` is the segment's.
 * @throws Damaged for what no writer of ours has written
 */
export function* recordsIn(
  body: Uint8Array,
  firstId: number,
  samples: SampleDecoder,
): Generator<JournalRecord> {
  const from = readerOf(body);
  while (!from.isAtEnd) {
    const kind = from.byte();
    if (kind === SAMPLE.keyframe || kind === SAMPLE.delta) {
      const read = samples.read(kind, from);
      if (read === null) return;
      yield { kind: "sample", id: firstId + read.id, sample: read.sample };
    } else if (kind === PROGRESS) yield { kind: "progress", settled: readProgress(from) };
    else if (kind === STATE) yield { kind: "state", state: readState(from.text()) };
    else throw new Damaged(`${kind} is no kind of a record`);
  }
}

function readProgress(from: ByteReader): readonly IdRange[] {
  const ranges: IdRange[] = [];
  let last = 0;
  for (let left = from.count(); left > 0; left--) {
    const first = last + from.count();
    last = first + from.count();
    ranges.push([first, last]);
  }
  return ranges;
}

function readState(text: string): JournalState {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Damaged("the state of the journal is no JSON", { cause });
  }
}
