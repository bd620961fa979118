import type { Clock, Journal, JournalEntry, Sample } from "../ports.ts";
import {
  appendTo,
  forgetIn,
  openSegment,
  type Segment,
  type SegmentEntry,
  textAt,
  waitingIn,
} from "./segment.ts";

export interface JournalBounds {
  /** Of the memory that what waits takes; at least one entry is always kept. */
  readonly maxBytes: number;
  /** How long an entry waits, on the monotonic clock. */
  readonly maxAgeMs: number;
}

export interface MemoryJournalOptions extends JournalBounds {
  readonly clock: Clock;
}

export interface MemoryJournal extends Journal {
  /** From now on these bounds hold, for what waits already too. */
  setBounds(bounds: JournalBounds): void;
}

/**
 * A journal in RAM: bounded, oldest dropped first and counted. Survives nothing.
 * It keeps text in buffers outside the JavaScript heap: that is held small (build/executable.ts) so that a leak ends
 * the process, and a backlog of the largest allowed size is no leak.
 */
export function memoryJournal({ clock, ...given }: MemoryJournalOptions): MemoryJournal {
  const segments: Segment[] = []; // oldest first, none without an entry that waits
  let spare: Buffer | null = null; // under a bound the oldest goes as the newest comes
  let bounds: JournalBounds = given;
  let nextId = 1;
  let waiting = 0;
  let dropped = 0;
  let bytes = 0;

  const forget = (segment: Segment, offset: number) => {
    forgetIn(segment, offset);
    waiting--;
    if (segment.waiting === 0) release(segment);
  };
  const release = (segment: Segment) => {
    segments.splice(segments.indexOf(segment), 1);
    bytes -= segment.buffer.length;
    spare = segment.buffer;
  };
  const enforceBounds = () => {
    const oldestAllowedMs = clock.monotonic() - bounds.maxAgeMs;
    for (let segment = segments[0]; segment; segment = segments[0]) {
      for (const { offset, acceptedMs } of waitingIn(segment)) {
        const overSize = bytes > bounds.maxBytes && waiting > 1;
        if (!overSize && acceptedMs >= oldestAllowedMs) return;
        forget(segment, offset);
        dropped++;
      }
    }
  };

  return {
    async append({ ts, readings }) {
      const text = Buffer.from(JSON.stringify({ ts, readings }));
      const id = nextId++;
      const acceptedMs = clock.monotonic();
      const last = segments.at(-1);
      if (!last || !appendTo(last, text, acceptedMs)) {
        const segment = openSegment(id, text, spare);
        spare = null;
        appendTo(segment, text, acceptedMs);
        segments.push(segment);
        bytes += segment.buffer.length;
      }
      waiting++;
      enforceBounds();
      return id;
    },
    async read({ fromId, limit }) {
      enforceBounds();
      const entries: JournalEntry[] = [];
      for (const segment of segments) {
        if (segment.firstId + segment.entries <= fromId) continue;
        for (const found of waitingIn(segment)) {
          if (entries.length >= limit) return entries;
          if (found.id >= fromId) entries.push(entryAt(segment, found));
        }
      }
      return entries;
    },
    async newest() {
      enforceBounds();
      const segment = segments.at(-1);
      const found = segment && [...waitingIn(segment)].at(-1);
      return found ? entryAt(segment, found) : null;
    },
    async settle(ids) {
      for (const id of ids) {
        const segment = segments.findLast(({ firstId }) => firstId <= id);
        const found = segment && waitingIn(segment).find((entry) => entry.id === id);
        if (found) forget(segment, found.offset);
      }
    },
    setBounds(next) {
      bounds = next;
      enforceBounds();
    },
    stats: () => ({ waiting, dropped }),
    [Symbol.asyncDispose]: async () => {
      segments.length = 0;
      waiting = 0;
      bytes = 0;
      spare = null;
    },
  };
}

function entryAt(segment: Segment, { id, offset }: SegmentEntry): JournalEntry {
  const { ts, readings }: Sample = JSON.parse(textAt(segment, offset));
  return { id, ts, readings };
}
