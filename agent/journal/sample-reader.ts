import { isWorthLogging } from "../backoff.ts";
import type { Clock, JournalEntry, Logger, Moment, TakenSample } from "../ports.ts";
import type { Ledger } from "./ledger.ts";
import { scan } from "./scan.ts";
import { labelOf, MOST_FAILURES, type Segment } from "./segment.ts";
import { contentOf } from "./segment-content.ts";
import { createSegmentCursor } from "./segment-cursor.ts";

/** A segment that cannot be read is tried again after this. */
const RETRY_MS = 60_000;

/** Nothing can be read of these; both ends belong to it. */
interface Lost {
  readonly first: number;
  readonly last: number;
}

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
  const lose = ({ first, last }: Lost) => {
    const segment = segmentOf(last);
    const samples = ledger.settle(first, last, "damage");
    if (samples === 0) return;
    if (segment) segment.isDamaged = true;
    if (!isWorthLogging(++lost)) return;
    const label = segment && labelOf(segment.header);
    log.warn("samples of the journal are damaged", { segment: label, samples, count: lost });
  };

  const unreadable = (segment: Segment, error: unknown) => {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (!ledger.segments.includes(segment)) return; // given up meanwhile, and its file closed
    segment.failures++;
    const isLast = segment.failures === MOST_FAILURES;
    if (!isLast) segment.retryAtMs = clock.monotonic() + RETRY_MS;
    log.warn("a segment of the journal cannot be read", {
      segment: labelOf(segment.header),
      error: error.message,
      next: isLast ? "read around what fails" : "tried again in a minute",
    });
  };

  /** What cannot be read from `id` on: up to the next sample, or to the end of a segment that is not written any more. */
  const lostFrom = (id: number, next: number | undefined, { endId }: Segment): Lost => {
    const known = [...recent.keys()].filter((other) => other > id);
    const end = Math.min(next ?? endId, ...known);
    return { first: id, last: Number.isFinite(end) ? end - 1 : id };
  };

  /** It could not be opened at the start: what it says of its own samples is heard before any of them is missed. */
  const learn = async (segment: Segment): Promise<void> => {
    const { file, header, endId } = segment;
    for (const { settled } of scan(await contentOf(segment), header))
      for (const [from, to] of settled)
        ledger.settle(Math.max(from, header.firstId), Math.min(to, endId - 1));
    segment.used = file.bytes;
  };

  /** "later": its segment cannot be read at the moment. */
  const find = async (id: number): Promise<TakenSample | Lost | "later"> => {
    const known = recent.get(id);
    if (known) return known;
    const segment = segmentOf(id);
    if (segment === undefined) return { first: id, last: id };
    if (clock.monotonic() < segment.retryAtMs) return "later";
    try {
      if (!Number.isFinite(segment.used)) await learn(segment);
      const next = await cursor.find(segment, id);
      return next?.id === id ? next.sample : lostFrom(id, next?.id, segment);
    } catch (error) {
      unreadable(segment, error);
      return "later";
    }
  };

  /** Nothing waits behind `id`, which is lost: with all before it that is lost, too. */
  const lostBefore = async (id: number): Promise<Lost | "later"> => {
    const segment = segmentOf(id);
    if (segment === undefined) return { first: id, last: id };
    try {
      const last = await cursor.lastBefore(segment, id);
      return { first: 1 + (last ?? segment.header.firstId - 1), last: id };
    } catch (error) {
      unreadable(segment, error);
      return "later";
    }
  };

  /** What waits from `id` on, as far as it can be read now. */
  async function* waitingFrom(from: number): AsyncGenerator<JournalEntry> {
    for (let id = ledger.firstWaiting(from); id !== null; id = ledger.firstWaiting(id + 1)) {
      const found = await find(id);
      if (found === "later") id = (segmentOf(id)?.endId ?? id + 1) - 1;
      else if ("first" in found) lose(found);
      else if (isTooOld(found.taken)) ledger.settle(id, id, "age");
      else if (ledger.isWaiting(id)) yield { id, ...found };
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
          const lost = found !== "later" && "first" in found ? await lostBefore(id) : found;
          if (lost === "later") return null;
          if ("first" in lost) lose(lost);
          else if (!isTooOld(lost.taken)) return { id, ...lost };
          else ledger.settle(1, id, "age");
        }
        return null;
      }),
  };
}
