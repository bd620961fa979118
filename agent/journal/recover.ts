import type { DropReason, Logger } from "../ports.ts";
import type { SegmentStore } from "../segment-store.ts";
import { createIdRanges, type IdRange, type IdRanges } from "./id-ranges.ts";
import type { JournalState } from "./record.ts";
import { scan } from "./scan.ts";
import { readHead, type Segment } from "./segment.ts";
import { HEADER_BYTES } from "./segment-header.ts";
import { leftovers } from "./thin.ts";

export interface Recovered {
  readonly segments: Segment[];
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
 * @throws the system's error, or NewerFormat
 */
export async function recover(store: SegmentStore, log: Logger): Promise<Recovered> {
  const { kept: headers, leftover } = leftovers(await store.list());
  for (const header of leftover) await store.remove(header, null);
  const segments: Segment[] = [];
  for (const header of headers) {
    const file = await store.open(header);
    const state = await readHead(file, header);
    segments.push({
      header,
      file,
      onDisk: true,
      used: file.bytes,
      endId: Number.POSITIVE_INFINITY,
      begun: state?.begun ?? null,
      thinned: state?.thinned ?? 0,
      isDamaged: false,
      failures: 0,
      retryAtMs: 0,
    });
  }
  for (const [index, segment] of segments.entries())
    segment.endId = segments[index + 1]?.header.firstId ?? segment.endId;

  const { settled, dropped, notes, lastTs, isNewestSound } = await latestState(segments, log);
  const nextId = segments.at(-1)?.endId ?? 1;
  settled.forgetFrom(nextId);
  // A segment goes only after its ids were written down as settled: the others of an older one are lost.
  const oldestId = segments[0]?.header.firstId ?? nextId;
  const lost = oldestId - 1 - settled.countIn(1, oldestId - 1);
  if (lost > 0) {
    log.warn("a segment of the journal is missing", { samples: lost });
    settled.add(1, oldestId - 1);
    dropped.damage = (dropped.damage ?? 0) + lost;
  }
  const nextNumber = (headers.at(-1)?.number ?? 0) + 1;
  const resume = isNewestSound ? (segments.at(-1) ?? null) : null;
  return { segments, settled, dropped, notes, nextId, nextNumber, resume, lastTs };
}

/**
 * Scans from the newest segment back to one whose state can be read; older ones have nothing to add. Sets the end of the
 * newest.
 */
async function latestState(segments: readonly Segment[], log: Logger) {
  let lastTs: number | null = null;
  let isNewestSound = false;
  let tail: { readonly state: JournalState | null; readonly settled: readonly IdRange[] }[] = [];
  for (const segment of segments.toReversed()) {
    const bytes = await segment.file.read(0, segment.file.bytes);
    const frames = [];
    let end = HEADER_BYTES;
    let endId = segment.header.firstId;
    for (const frame of scan(bytes, segment.header)) {
      end = frame.end;
      endId = Math.max(endId, (frame.samples.at(-1)?.id ?? 0) + 1);
      for (const { sample } of frame.samples) lastTs = later(lastTs, sample.taken.ts);
      frames.push(frame);
    }
    if (segment === segments.at(-1)) {
      Object.assign(segment, { used: end, endId });
      isNewestSound = Boolean(frames[0]?.state);
    }
    lastTs = later(lastTs, segment.begun?.ts ?? null);
    tail = [...frames, ...tail];
    if (frames.length > 0 && frames[0]?.state) break;
    log.warn("the beginning of a journal segment is damaged", { segment: segment.header.number });
  }
  let settled = createIdRanges();
  let dropped: Partial<Record<DropReason, number>> = {};
  let notes: JournalState["notes"] = {};
  for (const { state, settled: ranges } of tail) {
    if (state) {
      ({ notes } = state);
      dropped = { ...state.dropped };
      settled = createIdRanges(state.settled);
    }
    for (const [first, last] of ranges) settled.add(first, last);
  }
  return { settled, dropped, notes, lastTs, isNewestSound };
}

const later = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
