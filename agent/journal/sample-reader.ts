import { isWorthLogging } from "../backoff.ts";
import type { Clock, JournalEntry, Logger, Moment, TakenSample } from "../ports.ts";
import type { Ledger } from "./ledger.ts";
import type { Segment } from "./segment.ts";
import { createSegmentCursor } from "./segment-cursor.ts";

/** A segment that cannot be read is tried again after this, and given up after so many times. */
const RETRY_MS = 60_000;
const MOST_FAILURES = 3;

export interface SampleReaderDeps {
  readonly ledger: Ledger;
  /** A sample that was taken longer ago than is wanted. */
  readonly isTooOld: (taken: Moment) => boolean;
  /** What was taken lately, and everything that is not written yet. */
  readonly recent: ReadonlyMap<number, TakenSample>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface SampleReader {
  read(range: { readonly fromId: number; readonly limit: number }): Promise<JournalEntry[]>;
  newest(): Promise<JournalEntry | null>;
}

/** The reading end of the journal. What it finds damaged it counts as dropped. */
export function createSampleReader(deps: SampleReaderDeps): SampleReader {
  const { ledger, recent, isTooOld, clock, log } = deps;
  const cursor = createSegmentCursor();
  const segmentOf = (id: number) =>
    ledger.segments.findLast(({ header, endId }) => header.firstId <= id && id < endId);

  let lost = 0;
  const lose = (first: number, last: number) => {
    const segment = segmentOf(first);
    if (segment) segment.isDamaged = true;
    const samples = ledger.settle(first, last, "damage");
    if (samples > 0 && isWorthLogging(++lost))
      log.warn("samples of the journal are damaged", { samples, count: lost });
  };

  const unreadable = (segment: Segment, error: unknown) => {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (!ledger.segments.includes(segment)) return; // given up meanwhile, and its file closed
    const { number, firstId } = segment.header;
    segment.failures++;
    segment.retryAtMs = clock.monotonic() + RETRY_MS;
    log.warn("a segment of the journal cannot be read", { segment: number, error: error.message });
    if (segment.failures >= MOST_FAILURES) lose(firstId, segment.endId - 1);
  };

  /** "later": its segment cannot be read at the moment. */
  const find = async (id: number): Promise<TakenSample | "lost" | "later"> => {
    const known = recent.get(id);
    if (known) return known;
    const segment = segmentOf(id);
    if (segment === undefined) return "lost";
    if (clock.monotonic() < segment.retryAtMs) return "later";
    try {
      return (await cursor.find(segment, id)) ?? "lost";
    } catch (error) {
      unreadable(segment, error);
      return "later";
    }
  };

  /** What waits from `id` on, as far as it can be read now. */
  async function* waitingFrom(from: number): AsyncGenerator<JournalEntry> {
    for (let id = ledger.firstWaiting(from); id !== null; id = ledger.firstWaiting(id + 1)) {
      const found = await find(id);
      if (typeof found === "object") {
        if (isTooOld(found.taken)) ledger.settle(id, id, "age");
        else if (ledger.isWaiting(id)) yield { id, ...found };
      } else if (found === "lost") lose(id, id);
      else id = (segmentOf(id)?.endId ?? id + 1) - 1;
    }
  }

  /** The cursor is in one place at a time. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    read: ({ fromId, limit }) =>
      inTurn(async () => {
        const entries: JournalEntry[] = [];
        if (limit < 1) return entries;
        for await (const entry of waitingFrom(fromId)) {
          entries.push(entry);
          if (entries.length === limit) break;
        }
        return entries;
      }),
    newest: () =>
      inTurn(async () => {
        for (let id = ledger.newestWaiting(); id !== null; id = ledger.newestWaiting()) {
          const found = await find(id);
          if (typeof found === "object" && !isTooOld(found.taken)) return { id, ...found };
          if (typeof found === "object") ledger.settle(1, id, "age");
          else if (found === "later") return null;
          else lose(id, id);
        }
        return null;
      }),
  };
}
