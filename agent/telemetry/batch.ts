import type { JournalEntry } from "../ports.ts";
import { type Refusal, type SerialiseOptions, serialiseSample } from "../thingsboard/serialise.ts";

export interface Batch {
  /** Null when no entry has anything that can be sent. */
  readonly payload: Uint8Array | null;
  /** Entries carried by the payload, and those that hold nothing sendable: all are done after a 2.xx. */
  readonly entries: readonly JournalEntry[];
  readonly refused: readonly Refusal[];
}

export interface BatchLimits {
  /** One datagram: 1,024 bytes of payload need no Block1. A single sample may exceed it, and then takes Block1. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** As many entries, in order, as fit into one message; always at least one. */
export function packBatch(
  entries: readonly JournalEntry[],
  limits: BatchLimits,
  options: SerialiseOptions,
): Batch {
  const taken: JournalEntry[] = [];
  const records: string[] = [];
  const refused: Refusal[] = [];
  let bytes = "[]".length;
  for (const entry of entries.slice(0, limits.maxEntries)) {
    const serialised = serialiseSample(entry, options);
    const { text } = serialised;
    const size = text === null ? 0 : utf8Length(text) + ",".length;
    if (records.length > 0 && bytes + size > limits.maxBytes) break;
    taken.push(entry);
    refused.push(...serialised.refused);
    if (text !== null) records.push(text);
    bytes += size;
  }
  return { payload: encode(records), entries: taken, refused };
}

/** `[]` would never be answered; one record needs no array. */
function encode(records: readonly string[]): Uint8Array | null {
  if (records.length === 0) return null;
  return new TextEncoder().encode(records.length === 1 ? records[0] : `[${records.join(",")}]`);
}

const utf8Length = (text: string) => new TextEncoder().encode(text).length;
