import { untilAborted } from "../aborting.ts";
import type {
  DropReason,
  Journal,
  JournalEntry,
  JournalStats,
  Sample,
  TakenSample,
} from "../ports.ts";
import { createBacklog } from "./backlog.ts";
import type { Timeline } from "./timeline.ts";

/** A sample whose time is known. */
export interface OutboxEntry extends Sample {
  readonly id: number;
}

/** Samples waiting for the server: the journal, the order in which they leave, and a bell. */
export interface Outbox {
  /**
   * Resolves once the sample is as durable as the journal makes it. With `hold` nobody is woken to send it: it leaves with
   * the next sample that does, or with whatever is sent before that.
   */
  accept(sample: TakenSample, options?: { readonly hold?: boolean }): Promise<void>;
  /** What is newer than all that was delivered; null: nothing is, or it is taken, or the oldest goes first. */
  live(): Promise<OutboxEntry | null>;
  /** Whether `live` may have one: as far as that is known without reading. */
  readonly hasLive: boolean;
  /** The others, oldest first, at most `limit` that are not taken. */
  backlog(limit: number): Promise<readonly OutboxEntry[]>;
  /** Whether anything waits that is not taken. */
  readonly hasMore: boolean;
  /** They are under way: nobody else is given them. */
  take(entries: readonly OutboxEntry[]): void;
  giveBack(entries: readonly Pick<OutboxEntry, "id">[]): void;
  settle(entries: readonly OutboxEntry[]): Promise<void>;
  /** Gives them up, and counts them. */
  drop(entries: readonly OutboxEntry[], reason: DropReason): Promise<void>;
  /** Neither delivered nor given up. */
  isWaiting(id: number): boolean;
  /** It waits, and its time, known since a while, has not come to lie ahead: the clock may have been set back. */
  mayGo(entry: OutboxEntry): boolean;
  /** Resolves when something waits whose time is known; rejects with the signal's reason. */
  waiting(signal: AbortSignal): Promise<void>;
  /** Calls it whenever there is something new to send. */
  onNews(listener: () => void): void;
  stats(): JournalStats;
}

export interface OutboxDeps {
  readonly journal: Journal;
  readonly timeline: Pick<Timeline, "tsOf" | "isAhead" | "source" | "onTrusted" | "drained">;
  /** The newest sample before the backlog: after an outage a dashboard shows the present at once. */
  readonly liveFirst: boolean;
}

export function createOutbox({ journal, timeline, liveFirst }: OutboxDeps): Outbox {
  let bell = Promise.withResolvers<void>();
  const listeners: (() => void)[] = [];
  const taken = new Set<number>();
  /** Live is what is newer than all that was delivered; the rest is backlog, and leaves oldest first. */
  let newestSettledId = 0;
  /** Beyond `newestSettledId`: a live sample waits. Of the runs before nothing is known until the journal is asked. */
  let newestAcceptedId = Number.POSITIVE_INFINITY;
  /** What waits has no time yet, or lies ahead of the clock: a new sample, or trust, may change that. */
  let isStuck = false;
  let rings = 0;

  const ring = () => {
    isStuck = false;
    rings++;
    bell.resolve();
    bell = Promise.withResolvers();
    for (const listener of listeners) listener();
  };
  timeline.onTrusted(() => {
    backlog.lookAgain();
    ring();
  });

  /** Those that can be sent; what nobody can ever date is given up. */
  const dated = async (entries: readonly JournalEntry[]): Promise<OutboxEntry[]> => {
    const sendable: OutboxEntry[] = [];
    const undatable: number[] = [];
    for (const { id, taken: moment, readings } of entries) {
      const ts = timeline.tsOf(moment);
      if (ts === "never") undatable.push(id);
      else if (ts !== null) sendable.push({ id, ts, readings });
    }
    if (undatable.length > 0) await journal.drop(undatable, "undatable");
    return sendable;
  };
  const backlog = createBacklog({ journal, dated });
  const isFree = ({ id, ts }: OutboxEntry) => !taken.has(id) && !timeline.isAhead(ts);
  const hasLive = () =>
    liveFirst && newestAcceptedId > newestSettledId && !taken.has(newestAcceptedId);
  const letGo = (entries: readonly Pick<OutboxEntry, "id">[]): readonly number[] => {
    const ids = entries.map(({ id }) => id);
    for (const id of ids) taken.delete(id);
    return ids;
  };

  return {
    async accept(sample, { hold = false } = {}) {
      const id = await journal.append(sample);
      // Others may have been accepted meanwhile; what is left of the runs before is older.
      newestAcceptedId = Number.isFinite(newestAcceptedId) ? Math.max(newestAcceptedId, id) : id;
      if (!hold) ring();
    },

    get hasLive() {
      return hasLive();
    },

    async live() {
      if (!hasLive()) return null;
      const asked = newestAcceptedId;
      const newest = await journal.newest();
      if (newestAcceptedId === asked) newestAcceptedId = newest?.id ?? 0;
      if (!newest || newest.id <= newestSettledId || taken.has(newest.id)) return null;
      const [live = null] = await dated([newest]);
      return live;
    },

    async backlog(limit) {
      const before = rings;
      const entries = await backlog.next(limit, isFree);
      isStuck = entries.length === 0 && taken.size === 0 && rings === before;
      return entries;
    },

    get hasMore() {
      const waiting = journal.waiting();
      if (waiting > taken.size) return true;
      let underWay = 0;
      for (const id of taken) if (journal.isWaiting(id)) underWay++;
      return waiting > underWay;
    },

    take(entries) {
      for (const { id } of entries) taken.add(id);
    },
    giveBack: (entries) => void letGo(entries),

    async settle(entries) {
      const ids = letGo(entries);
      await journal.settle(ids);
      newestSettledId = Math.max(newestSettledId, ...ids);
      if (journal.waiting() === 0) timeline.drained();
    },

    async drop(entries, reason) {
      await journal.drop(letGo(entries), reason);
    },

    isWaiting: (id) => journal.isWaiting(id),
    mayGo: ({ id, ts }) => journal.isWaiting(id) && !timeline.isAhead(ts),

    async waiting(signal) {
      while (journal.waiting() === 0 || timeline.source === null || isStuck)
        await untilAborted(bell.promise, signal);
    },

    onNews: (listener) => void listeners.push(listener),
    stats: () => journal.stats(),
  };
}
