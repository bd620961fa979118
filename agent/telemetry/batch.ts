import { type Refusal, type SerialiseOptions, serialiseSample } from "../thingsboard/serialise.ts";
import type { OutboxEntry } from "./outbox.ts";

export interface Batch {
  /** Null when no entry has anything that can be sent. */
  readonly payload: Uint8Array | null;
  /** Entries carried by the payload, and those that hold nothing sendable: all are done after a 2.xx. */
  readonly entries: readonly OutboxEntry[];
  readonly refused: readonly Refusal[];
}

export interface BatchLimits {
  /** One datagram: 1,024 bytes of payload need no Block1. A single sample may exceed it, and then takes Block1. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** As many entries, in order, as fit into one message; always at least one. */
export function packBatch(
  entries: readonly OutboxEntry[],
  limits: BatchLimits,
  options: SerialiseOptions,
): Batch {
  const taken: OutboxEntry[] = [];
  const records: Uint8Array[] = [];
  const refused: Refusal[] = [];
  let bytes = "[]".length;
  for (const entry of entries.slice(0, limits.maxEntries)) {
    const serialised = serialiseSample(entry, options);
    const { text } = serialised;
    const record = text === null ? null : utf8.encode(text);
    const size = record === null ? 0 : record.length + ",".length;
    if (records.length > 0 && bytes + size > limits.maxBytes) break;
    taken.push(entry);
    refused.push(...serialised.refused);
    if (record !== null) records.push(record);
    bytes += size;
  }
  return { payload: joined(records), entries: taken, refused };
}

const utf8 = new TextEncoder();
const OPEN = 0x5b; // "["
const COMMA = 0x2c;
const CLOSE = 0x5d; // "]"

/** `[]` would never be answered; one record needs no array. */
function joined(records: readonly Uint8Array[]): Uint8Array | null {
  const [only, another] = records;
  if (only === undefined || another === undefined) return only ?? null;
  const payload = new Uint8Array(records.reduce((sum, { length }) => sum + length + 1, 1));
  let at = 0;
  for (const record of records) {
    payload[at] = at === 0 ? OPEN : COMMA;
    payload.set(record, at + 1);
    at += 1 + record.length;
  }
  payload[at] = CLOSE;
  return payload;
}
