import type { DropReason, Logger } from "../ports.ts";
import { isCleanEnd } from "./frame.ts";
import { createIdRanges, type IdRanges } from "./id-ranges.ts";
import { readAround } from "./read-around.ts";
import type { JournalState } from "./record.ts";
import { type Scanned, scan } from "./scan.ts";
import { labelOf, type Segment } from "./segment.ts";
import { HEADER_BYTES } from "./segment-header.ts";

export interface LatestState {
  readonly settled: IdRanges;
  readonly dropped: Partial<Record<DropReason, number>>;
  readonly notes: JournalState["notes"];
  /** The latest of any sample that was looked at. */
  readonly lastTs: number | null;
  /** The newest segment, to be written on; null when its beginning is damaged, or a part of it cannot be read. */
  readonly resume: Segment | null;
  /** False: no state is left, and nobody knows what became of the samples that are gone. */
  readonly isKnown: boolean;
}

/** The frames of a segment; of many segments that is a lot, so without the samples. */
interface Content {
  readonly firstId: number;
  readonly frames: readonly Pick<Scanned, "state" | "settled" | "facts">[];
}

/**
 * Scans from the newest segment back to one whose state can be read; older ones have nothing to add. Sets the end of the
 * newest.
 */
export async function latestState(segments: readonly Segment[], log: Logger): Promise<LatestState> {
  let lastTs: number | null = null;
  let resume: Segment | null = null;
  const contents: Content[] = [];
  const isKnown = () => contents.some(({ frames }) => frames.some(({ state }) => state !== null));
  for (const segment of segments.toReversed()) {
    const { header, file } = segment;
    const { bytes, unreadable } = await readAround(file, file.bytes);
    const frames: Content["frames"][number][] = [];
    let end = HEADER_BYTES;
    let lastId = header.firstId - 1;
    for (const frame of scan(bytes, header)) {
      end = frame.end;
      lastId = Math.max(lastId, frame.lastId);
      for (const { sample } of frame.samples) lastTs = later(lastTs, sample.taken.ts);
      frames.push({ state: frame.state, settled: frame.settled, facts: frame.facts });
    }
    contents.unshift({ firstId: header.firstId, frames });
    lastTs = later(lastTs, segment.begun?.ts ?? null);
    if (segment === segments.at(-1)) {
      Object.assign(segment, { used: end, endId: lastId + 1 });
      if (frames[0]?.state && unreadable === 0) resume = segment;
      // What is not read from now on is kept for the operator to look at.
      else segment.isDamaged = true;
      if (!isCleanEnd(bytes, end) || unreadable > 0)
        log.warn("the newest segment of the journal was cut off behind its last sound frame", {
          segment: labelOf(header),
          at: end,
        });
    }
    if (isKnown()) break;
    log.warn("the beginning of a journal segment is damaged, an older one tells what was sent", {
      segment: labelOf(header),
    });
  }
  if (segments.length > 0 && !isKnown())
    log.error("what was sent and what was dropped is known no more, the counters begin anew");
  return { ...replayed(contents), lastTs, resume, isKnown: isKnown() };
}

function replayed(contents: readonly Content[]) {
  let settled = createIdRanges();
  let dropped: LatestState["dropped"] = {};
  let notes: JournalState["notes"] = {};
  for (const { firstId, frames } of contents) {
    // What older segments say of these ids belongs to samples of which no trace was left when they were given anew.
    settled.forget(firstId, Number.POSITIVE_INFINITY);
    for (const { state, facts, settled: ranges } of frames) {
      const told = facts ?? state;
      if (told) ({ notes = notes, dropped } = told);
      if (state) settled = createIdRanges(state.settled);
      for (const [first, last] of ranges) settled.add(first, last);
    }
  }
  return { settled, dropped: { ...dropped }, notes };
}

const later = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
