import type { Clock, Journal, JournalEntry } from "../ports.ts";

export interface MemoryJournalOptions {
  readonly clock: Clock;
  /** Bound on the estimated size of what waits; at least one entry is always kept. */
  readonly maxBytes: number;
  /** Bound on how long an entry waits, on the monotonic clock. */
  readonly maxAgeMs: number;
}

interface Held {
  readonly entry: JournalEntry;
  readonly bytes: number;
  readonly acceptedMs: number;
}

/** A journal in RAM: bounded, oldest dropped first and counted. Survives nothing. */
export function memoryJournal({ clock, maxBytes, maxAgeMs }: MemoryJournalOptions): Journal {
  const held = new Map<number, Held>(); // a Map keeps insertion order: oldest first
  let nextId = 1;
  let bytes = 0;
  let dropped = 0;

  const forget = (id: number) => {
    bytes -= held.get(id)?.bytes ?? 0;
    return held.delete(id);
  };
  const enforceBounds = () => {
    const oldestAllowedMs = clock.monotonic() - maxAgeMs;
    for (const [id, { acceptedMs }] of held) {
      const overSize = bytes > maxBytes && held.size > 1;
      if (!overSize && acceptedMs >= oldestAllowedMs) return;
      forget(id);
      dropped++;
    }
  };

  return {
    async append(sample) {
      const entry = { ...sample, id: nextId++ };
      const size = JSON.stringify(entry).length;
      held.set(entry.id, { entry, bytes: size, acceptedMs: clock.monotonic() });
      bytes += size;
      enforceBounds();
      return entry.id;
    },
    async read({ fromId, limit }) {
      enforceBounds();
      const entries: JournalEntry[] = [];
      for (const { entry } of held.values()) {
        if (entries.length >= limit) break;
        if (entry.id >= fromId) entries.push(entry);
      }
      return entries;
    },
    async newest() {
      enforceBounds();
      // Ids rise by one: looking down from the last one given finds the newest without walking the backlog.
      for (let id = nextId - 1; id > 0 && held.size > 0; id--) {
        const found = held.get(id);
        if (found) return found.entry;
      }
      return null;
    },
    async settle(ids) {
      for (const id of ids) forget(id);
    },
    stats: () => ({ waiting: held.size, dropped }),
    [Symbol.asyncDispose]: async () => {
      held.clear();
      bytes = 0;
    },
  };
}
