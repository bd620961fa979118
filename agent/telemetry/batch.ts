import {
  type Members,
  type Refusal,
  recordOf,
  type SerialiseOptions,
  serialiseReadings,
} from "../thingsboard/serialise.ts";
import type { OutboxEntry } from "./outbox.ts";

export interface Batch {
  /** Null when no entry has anything that can be sent. */
  readonly payload: Uint8Array | null;
  /** What the payload carries: entries, or the first keys of one; and those that hold nothing sendable. */
  readonly pieces: readonly OutboxEntry[];
  /** Data points of the payload: what ThingsBoard counts. */
  readonly points: number;
  /** The one entry that is too large, of which some keys stay behind. */
  readonly cut: OutboxEntry | null;
  readonly refused: readonly RefusedKey[];
}

/** A reading of this entry that can never be sent. */
export interface RefusedKey extends Refusal {
  readonly id: number;
}

export interface BatchLimits {
  /** One datagram: 1,024 bytes of payload need no Block1. A single sample may exceed it, and then takes Block1. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxPoints: number;
}

/** Of one sample: what is larger is cut. Blocks are sent one after the other, and live data is not to wait for hundreds. */
const LARGEST_SAMPLE_BYTES = 64 * 1_024;

/** As many entries, in order, as fit into one message; always at least one, or a part of it. */
export function packBatch(
  entries: readonly OutboxEntry[],
  limits: BatchLimits,
  options: SerialiseOptions,
): Batch {
  const pieces: OutboxEntry[] = [];
  const records: Uint8Array[] = [];
  const refused: RefusedKey[] = [];
  let cut: OutboxEntry | null = null;
  let [bytes, points] = ["[]".length, 0];
  for (const entry of entries.slice(0, limits.maxEntries)) {
    const members = serialiseReadings(entry, options);
    const isFirst = records.length === 0;
    if (!isFirst && points + members.keys.length > limits.maxPoints) break;
    const count = isFirst ? fitting(members, limits.maxPoints) : members.keys.length;
    const record = utf8.encode(recordOf(entry.ts, members.texts.slice(0, count)));
    const size = count === 0 ? 0 : record.length + ",".length;
    if (!isFirst && bytes + size > limits.maxBytes) break;
    for (const refusal of members.refused) refused.push({ ...refusal, id: entry.id });
    if (count > 0) records.push(record);
    bytes += size;
    points += count;
    if (count < members.keys.length) {
      cut = entry;
      pieces.push(withKeys(entry, members.keys.slice(0, count)));
      break;
    }
    pieces.push(entry);
  }
  return { payload: joined(records), pieces, points, cut, refused };
}

/** An entry with these keys alone. */
export const withKeys = (entry: OutboxEntry, keys: readonly string[]): OutboxEntry => {
  const wanted = new Set(keys);
  const readings = Object.entries(entry.readings).filter(([key]) => wanted.has(key));
  return { ...entry, readings: Object.fromEntries(readings) };
};

/** How many data points of one sample one message carries: at least one. */
function fitting({ texts }: Members, maxPoints: number): number {
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  if (texts.length <= maxPoints && 3 * characters <= LARGEST_SAMPLE_BYTES) return texts.length;
  let bytes = 0;
  for (const [count, text] of texts.entries()) {
    bytes += utf8.encode(text).length + ",".length;
    if (count > 0 && (count >= maxPoints || bytes > LARGEST_SAMPLE_BYTES)) return count;
  }
  return texts.length;
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
