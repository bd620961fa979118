import { isJsonObject, type JsonObject, parseJson } from "../json.ts";
import type { DropReason, Json, Moment } from "../ports.ts";
import { type ByteReader, type ByteWriter, Damaged, readerOf } from "./bytes.ts";
import type { IdRange } from "./id-ranges.ts";
import { type NumberedSample, SAMPLE, type SampleDecoder } from "./sample-record.ts";

/** Kinds of records beside samples; the numbers are on people's cards, and never change. */
const PROGRESS = 3;
const STATE = 4;
const FACTS = 5;

/** Samples given up, by reason. */
type Dropped = Readonly<Partial<Record<DropReason, number>>>;
/** Small facts of other parts, by name. */
type Notes = Readonly<Record<string, Json>>;

/** What a journal remembers beside its samples and what became of each; the last ones written count. */
export interface JournalFacts {
  readonly dropped: Dropped;
  /** Absent: as before. */
  readonly notes?: Notes;
}

/** All of it, at the beginning of every segment. */
export interface JournalState {
  readonly dropped: Dropped;
  readonly notes: Notes;
  /**
   * Delivered, or given up; of all that the segments before this record hold. What thinned segments say of themselves is left
   * out.
   */
  readonly settled: readonly IdRange[];
  /** When the first sample of the segment was taken that this stands at the beginning of; where it began without one, the last before. */
  readonly begun: Moment | null;
  /** How often the segment that this stands at the beginning of was thinned; absent: never. */
  readonly thinned?: number;
}

export type JournalRecord =
  | ({ readonly kind: "sample" } & NumberedSample)
  | { readonly kind: "orphan"; readonly id: number }
  | { readonly kind: "progress"; readonly settled: readonly IdRange[] }
  | { readonly kind: "state"; readonly state: JournalState }
  | { readonly kind: "facts"; readonly facts: JournalFacts };

/** Ids that were settled since the last such record; where a thinned segment begins and ends, those that it has left out. */
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

export function writeFacts(to: ByteWriter, { dropped, notes }: JournalFacts): void {
  to.byte(FACTS);
  to.text(JSON.stringify({ dropped, notes }));
}

/**
 * The records of one frame, as far as they can be read: nobody knows where a delta without its keyframe ends.
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
      const id = firstId + read.id;
      if (read.sample === null) {
        yield { kind: "orphan", id };
        return;
      }
      yield { kind: "sample", id, sample: read.sample };
    } else if (kind === PROGRESS) yield { kind: "progress", settled: readProgress(from) };
    else if (kind === STATE) yield { kind: "state", state: readState(from.text()) };
    else if (kind === FACTS) yield { kind: "facts", facts: readFacts(from.text()) };
    else throw new Damaged(`${kind} is no kind of a record`);
  }
}

function readProgress(from: ByteReader): readonly IdRange[] {
  const ranges: IdRange[] = [];
  let last = 0;
  for (let left = from.count(); left > 0; left--) {
    const first = last + from.count();
    last = first + from.count();
    if (last > Number.MAX_SAFE_INTEGER) throw new Damaged("an id is too large");
    ranges.push([first, last]);
  }
  return ranges;
}

function readState(text: string): JournalState {
  const state = parseJson(text);
  if (!isState(state)) throw new Damaged("the state of the journal is none");
  return state;
}

function readFacts(text: string): JournalFacts {
  const facts = parseJson(text);
  if (!isFacts(facts)) throw new Damaged("what the journal was to remember is nothing of the kind");
  return facts;
}

const isFacts = (value: Json | undefined): value is JournalFacts & JsonObject =>
  isJsonObject(value) &&
  isJsonObject(value["dropped"]) &&
  Object.values(value["dropped"]).every(isWhole) &&
  (value["notes"] === undefined || isJsonObject(value["notes"]));

const isState = (value: Json | undefined): value is JournalState & JsonObject =>
  isFacts(value) &&
  value.notes !== undefined &&
  Array.isArray(value["settled"]) &&
  value["settled"].every(isRange) &&
  (value["begun"] === null || isMoment(value["begun"])) &&
  (value["thinned"] === undefined || isWhole(value["thinned"]));

const isWhole = (value: Json | undefined): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isRange = (value: Json) =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every(isWhole) &&
  Number(value[0]) <= Number(value[1]);

const isMoment = (value: Json | undefined) =>
  isJsonObject(value) &&
  typeof value["bootId"] === "string" &&
  typeof value["monotonicMs"] === "number" &&
  (value["ts"] === null || typeof value["ts"] === "number");
