import type { DropReason, Logger } from "../ports.ts";
import type { SegmentHeader, SegmentStore } from "../segment-store.ts";
import type { IdRanges } from "./id-ranges.ts";
import { latestState } from "./latest-state.ts";
import { leftovers, removeLeftovers } from "./leftovers.ts";
import { openSegment } from "./open-segment.ts";
import { persistently } from "./read-around.ts";
import type { JournalState } from "./record.ts";
import { noHoles, type Segment } from "./segment.ts";

export interface Recovered {
  readonly segments: Segment[];
  /** What thinning left over and could not be removed yet: until it is, none of the others may go. */
  readonly leftover: readonly SegmentHeader[];
  readonly settled: IdRanges;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  readonly notes: JournalState["notes"];
  readonly nextId: number;
  readonly nextNumber: number;
  /** The newest segment, to be written on; null when its beginning is damaged. */
  readonly resume: Segment | null;
  /** The latest of any sample that was looked at. */
  readonly lastTs: number | null;
}

/**
 * What the last run left: reads the beginning of every segment, and all of the newest one. Damage is never fatal: what
 * cannot be read any more counts as dropped, here or when its turn comes.
 * @throws the system's error when the segments cannot even be listed, or NewerFormat
 */
export async function recover(store: SegmentStore, log: Logger): Promise<Recovered> {
  const opened: Segment[] = [];
  // The newest first: what cannot be opened is bounded by the one that follows it.
  for (const header of (await persistently(() => store.list())).toReversed()) {
    const segment = await openSegment({ store, header, isNewest: opened.length === 0, log });
    if (segment !== null) opened.unshift(segment);
  }
  const left = leftovers(opened.map(({ header }) => header));
  const segments = opened.filter(({ header }) => !left.includes(header));
  const leftover = await removeLeftovers(store, left, log);
  for (const [index, segment] of segments.entries())
    segment.endId = Math.max(
      segment.header.firstId,
      segments[index + 1]?.header.firstId ?? segment.endId,
    );

  const latest = await latestState(segments, log);
  const { settled, dropped, notes, lastTs, isKnown } = latest;
  for (const segment of segments) ownHoles(segment, settled);
  const nextId = segments.at(-1)?.endId ?? 1;
  // What was delivered before it was written has left its id, which is given anew: in this segment that would pass for settled.
  const isGivenAnew = (settled.ranges().at(-1)?.[1] ?? 0) >= nextId;
  const resume = isGivenAnew ? null : latest.resume;
  // It is written to again, and ends where the next one will begin.
  if (resume !== null) resume.endId = Number.POSITIVE_INFINITY;
  settled.forget(nextId, Number.POSITIVE_INFINITY);
  // A segment goes only after its ids were written down as settled: the others of an older one are lost.
  const oldestId = Math.min(nextId, ...segments.map(({ header }) => header.firstId));
  const lost = oldestId - 1 - settled.countIn(1, oldestId - 1);
  if (lost > 0) settled.add(1, oldestId - 1);
  if (lost > 0 && isKnown) {
    log.warn("a segment of the journal is missing", { samples: lost });
    dropped.damage = (dropped.damage ?? 0) + lost;
  }
  const nextNumber = 1 + Math.max(0, ...opened.map(({ header }) => header.number));
  return { segments, leftover, settled, dropped, notes, nextId, nextNumber, resume, lastTs };
}

/** What it says of its own samples; with a damaged beginning nobody knows whether it was thinned, but it is true all the same. */
function ownHoles(segment: Segment, settled: IdRanges): void {
  const { header, endId, thinned } = segment;
  for (const [from, to] of segment.holes) {
    const [first, last] = [Math.max(from, header.firstId), Math.min(to, endId - 1)];
    if (first <= last) settled.add(first, last);
  }
  if (thinned === 0) segment.holes = noHoles;
}
