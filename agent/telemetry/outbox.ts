import type { Journal, JournalEntry, JournalStats, Sample } from "../ports.ts";

/** Samples waiting for the server: the journal, the order in which they leave, and a bell. */
export interface Outbox {
  /**
   * Resolves once the sample is as durable as the journal makes it. With `hold` nobody is woken to send it: it leaves with
   * the next sample that does, or with whatever is sent before that. @throws AgentError `storage`
   */
  accept(sample: Sample, options?: { readonly hold?: boolean }): Promise<void>;
  /** What to send next, at most `limit` entries; empty when nothing waits. */
  next(limit: number): Promise<readonly JournalEntry[]>;
  settle(entries: readonly JournalEntry[]): Promise<void>;
  /** Resolves when something waits; rejects with the signal's reason. */
  waiting(signal: AbortSignal): Promise<void>;
  stats(): JournalStats;
}

export interface OutboxDeps {
  readonly journal: Journal;
  /** The newest sample before the backlog: after an outage a dashboard shows the present at once. */
  readonly liveFirst: boolean;
}

export function createOutbox({ journal, liveFirst }: OutboxDeps): Outbox {
  let ring = Promise.withResolvers<void>();
  /** Live is what is newer than all that was delivered; the rest is backlog, and leaves oldest first. */
  let newestSettledId = 0;

  return {
    async accept(sample, { hold = false } = {}) {
      await journal.append(sample);
      if (hold) return;
      ring.resolve();
      ring = Promise.withResolvers();
    },

    async next(limit) {
      const oldest = await journal.read({ fromId: 0, limit });
      const live = liveFirst ? await journal.newest() : null;
      if (!live || live.id <= newestSettledId) return oldest;
      return [live, ...oldest.filter(({ id }) => id !== live.id)].slice(0, limit);
    },

    async settle(entries) {
      const ids = entries.map(({ id }) => id);
      await journal.settle(ids);
      newestSettledId = Math.max(newestSettledId, ...ids);
    },

    async waiting(signal) {
      while (journal.stats().waiting === 0) await raced(ring.promise, signal);
    },

    stats: () => journal.stats(),
  };
}

/** The bell, or the signal: whichever comes first; no listener stays behind. */
function raced(bell: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    void bell.then(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
