import type {
  DropReason,
  Journal,
  JournalEntry,
  JournalStats,
  Sample,
  TakenSample,
} from "../ports.ts";
import type { Timeline } from "./timeline.ts";

/** A sample whose time is known. */
export interface OutboxEntry extends Sample {
  readonly id: number;
}

/** Samples waiting for the server: the journal, the order in which they leave, and a bell. */
export interface Outbox {
  /**
   * Resolves once the sample is as durable as the journal makes it. With `hold` nobody is woken to send it: it leaves with
   * the next sample that does, or with whatever is sent before that. @throws AgentError `storage`
   */
  accept(sample: TakenSample, options?: { readonly hold?: boolean }): Promise<void>;
  /** What to send next, at most `limit` entries; empty when nothing can be sent. */
  next(limit: number): Promise<readonly OutboxEntry[]>;
  settle(entries: readonly OutboxEntry[]): Promise<void>;
  /** Gives them up, and counts them. */
  drop(entries: readonly OutboxEntry[], reason: DropReason): Promise<void>;
  /** Resolves when something waits whose time is known; rejects with the signal's reason. */
  waiting(signal: AbortSignal): Promise<void>;
  stats(): JournalStats;
}

export interface OutboxDeps {
  readonly journal: Journal;
  readonly timeline: Pick<Timeline, "tsOf" | "source" | "onTrusted" | "drained">;
  /** The newest sample before the backlog: after an outage a dashboard shows the present at once. */
  readonly liveFirst: boolean;
}

/** Samples that have to wait are looked at again with every so many messages. */
const LOOK_AGAIN = 64;

export function createOutbox({ journal, timeline, liveFirst }: OutboxDeps): Outbox {
  let bell = Promise.withResolvers<void>();
  /** Live is what is newer than all that was delivered; the rest is backlog, and leaves oldest first. */
  let newestSettledId = 0;
  /** What waits has no time yet, or lies ahead of the clock: a new sample, or trust, may change that. */
  let isStuck = false;
  let rings = 0;
  let calls = 0;
  let datableFromId = 0;

  const ring = () => {
    isStuck = false;
    rings++;
    bell.resolve();
    bell = Promise.withResolvers();
  };
  timeline.onTrusted(() => {
    datableFromId = 0;
    ring();
  });

  /** Those that can be sent; what nobody can ever date is given up. */
  const dated = async (entries: readonly JournalEntry[]): Promise<OutboxEntry[]> => {
    const sendable: OutboxEntry[] = [];
    const undatable: number[] = [];
    for (const { id, taken, readings } of entries) {
      const ts = timeline.tsOf(taken);
      if (ts === "never") undatable.push(id);
      else if (ts !== null) sendable.push({ id, ts, readings });
    }
    if (undatable.length > 0) await journal.drop(undatable, "undatable");
    return sendable;
  };

  /** Passes over those that have to wait, and looks at them again now and then. */
  const oldest = async (limit: number): Promise<OutboxEntry[]> => {
    if (++calls % LOOK_AGAIN === 0) datableFromId = 0;
    for (;;) {
      const entries = await journal.read({ fromId: datableFromId, limit });
      const sendable = await dated(entries);
      const last = entries.at(-1);
      if (sendable.length > 0 || last === undefined) return sendable;
      datableFromId = last.id + 1;
    }
  };

  return {
    async accept(sample, { hold = false } = {}) {
      await journal.append(sample);
      if (!hold) ring();
    },

    async next(limit) {
      const before = rings;
      const backlog = await oldest(limit);
      const newest = liveFirst ? await journal.newest() : null;
      const live = newest && newest.id > newestSettledId ? await dated([newest]) : [];
      const isLive = (id: number) => live.some((entry) => entry.id === id);
      const sendable = [...live, ...backlog.filter(({ id }) => !isLive(id))].slice(0, limit);
      isStuck = sendable.length === 0 && rings === before;
      return sendable;
    },

    async settle(entries) {
      const ids = entries.map(({ id }) => id);
      await journal.settle(ids);
      newestSettledId = Math.max(newestSettledId, ...ids);
      if (journal.stats().waiting === 0) timeline.drained();
    },

    async drop(entries, reason) {
      await journal.drop(
        entries.map(({ id }) => id),
        reason,
      );
    },

    async waiting(signal) {
      while (journal.stats().waiting === 0 || timeline.source === null || isStuck)
        await raced(bell.promise, signal);
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
