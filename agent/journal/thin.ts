import type { Logger, Random } from "../ports.ts";
import type { SegmentHeader, SegmentStore, StoredSegment } from "../segment-store.ts";
import { createWriter } from "./bytes.ts";
import { codeOf, Withheld } from "./disk-standing.ts";
import { frameOf } from "./frame.ts";
import type { IdRange } from "./id-ranges.ts";
import { joined } from "./joined.ts";
import type { Ledger } from "./ledger.ts";
import { writeProgress, writeState } from "./record.ts";
import { createSampleEncoder, LONGEST_GROUP, type NumberedSample } from "./sample-record.ts";
import { scan } from "./scan.ts";
import { newSeed, noHoles, type Segment } from "./segment.ts";
import { HEADER_BYTES, sealOf, writeHeader } from "./segment-header.ts";
import type { WriteMeter } from "./write-meter.ts";

export interface ThinnerDeps {
  readonly ledger: Ledger;
  readonly disk: SegmentStore;
  readonly random: Random;
  readonly meter: WriteMeter;
  /** Before the disk takes one more segment. @throws Withheld, or the system's error */
  admit(): Promise<void>;
  readonly log: Logger;
}

/** Keeps the shape of a long outage: instead of losing its beginning it loses every second sample. */
export interface Thinner {
  /**
   * Makes one segment of two that were thinned least. False when there are none, or the disk fails or is not to be written.
   * What it gave up is counted; the two files go at `sweep`.
   */
  thin(): Promise<boolean>;
  /** That their samples have gone is on the disk by now. */
  sweep(): Promise<void>;
}

interface Superseded {
  readonly merged: Segment;
  readonly holes: Segment["holes"];
  /** What is left of the newer one and the older one; in this order: see leftovers.ts. */
  readonly files: Segment[];
  hasFailed: boolean;
}

export function createThinner(deps: ThinnerDeps): Thinner {
  const { ledger, disk, random, meter, log } = deps;
  let superseded: Superseded[] = [];

  const waitingIn = async ({ file, header, used }: Segment): Promise<NumberedSample[]> => {
    const frames = [...scan(await file.read(0, used), header)];
    return frames.flatMap(({ samples }) => samples.filter(({ id }) => ledger.isWaiting(id)));
  };

  const waitingIds = (first: number, end: number): number[] => {
    const ids: number[] = [];
    for (let id = ledger.firstWaiting(first); id !== null && id < end; ) {
      ids.push(id);
      id = ledger.firstWaiting(id + 1);
    }
    return ids;
  };

  const store = async (
    [older, newer]: readonly [Segment, Segment],
    kept: readonly NumberedSample[],
    holes: readonly IdRange[],
    thinned: number,
  ): Promise<{ header: SegmentHeader; file: StoredSegment }> => {
    // The newer one's number and the older one's first id: see leftovers.ts.
    const { number } = newer.header;
    const header = { number, seed: newSeed(random), firstId: older.header.firstId };
    const writer = createWriter();
    const encoder = createSampleEncoder();
    writeState(writer, { ...ledger.state(older.begun), thinned });
    const parts = [writeHeader(header)];
    let end = HEADER_BYTES;
    const add = () => {
      const frame = frameOf(writer.bytes(), sealOf(header), end);
      parts.push(frame);
      end += frame.length;
      writer.cut(0);
    };
    const addHoles = () => {
      writeProgress(writer, holes);
      add();
    };
    add();
    addHoles();
    for (let at = 0; at < kept.length; at += LONGEST_GROUP) {
      encoder.reset();
      for (const { id, sample } of kept.slice(at, at + LONGEST_GROUP))
        encoder.write(writer, id - header.firstId, sample);
      add();
    }
    addHoles(); // again, where its beginning is damaged
    const content = joined(...parts);
    const file = await disk.create(header, content.length, content);
    meter.wrote(0, content.length);
    return { header, file };
  };

  const merge = async (pair: readonly [Segment, Segment]): Promise<void> => {
    const [older, newer] = pair;
    const waiting = [...(await waitingIn(older)), ...(await waitingIn(newer))];
    const kept = waiting.filter((_, index) => index % 2 === 0);
    const thinned = Math.max(older.thinned, newer.thinned) + 1;
    const read = new Set(waiting.map(({ id }) => id));
    const damaged = waitingIds(older.header.firstId, newer.endId).filter((id) => !read.has(id));
    const holes = gapsIn(kept, older.header.firstId, newer.endId);
    const { header, file } = await store(pair, kept, holes, thinned);
    const { begun, isDamaged } = older;
    const merged: Segment = {
      ...newer,
      header,
      file,
      begun,
      thinned,
      holes: noHoles,
      used: file.bytes,
      isDamaged: isDamaged || newer.isDamaged || damaged.length > 0,
    };
    ledger.segments.splice(ledger.segments.indexOf(older), 2, merged);
    superseded.push({ merged, holes: new Map(holes), files: [newer, older], hasFailed: false });
    for (const id of damaged) ledger.settle(id, id, "damage");
    for (const { id } of waiting.filter((_, index) => index % 2 === 1))
      ledger.settle(id, id, "thinned");
  };

  return {
    async thin() {
      const mayGo = (segment: Segment) =>
        segment.onDisk &&
        Number.isFinite(segment.used) &&
        !ledger.isDone(segment) &&
        !superseded.some(({ merged, hasFailed }) => hasFailed && merged === segment);
      const pair = leastThinned(ledger.segments, mayGo);
      if (pair === null) return false;
      try {
        await deps.admit();
        await merge(pair);
        return true;
      } catch (error) {
        if (error instanceof Withheld) return false;
        const reason = codeOf(error);
        if (reason === null) throw error;
        log.warn("the journal cannot be thinned, the oldest samples go", { reason });
        return false;
      }
    },
    async sweep() {
      const gone = superseded;
      superseded = [];
      for (const one of gone) {
        try {
          for (let next = one.files[0]; next !== undefined; next = one.files[0]) {
            await disk.remove(next.header, null);
            one.files.shift();
            await next.file.close();
          }
          one.merged.holes = one.holes;
        } catch (error) {
          if (!one.hasFailed)
            log.warn("a segment of the journal cannot be removed", { error: String(error) });
          one.hasFailed = true;
          superseded.push(one); // tried again: it is not to be taken for the one made of it
        }
      }
    },
  };
}

/** The ids from `first` on and before `end` that are not kept. */
function gapsIn(kept: readonly NumberedSample[], first: number, end: number): IdRange[] {
  const holes: IdRange[] = [];
  let next = first;
  for (const id of [...kept.map((one) => one.id), end]) {
    if (id > next) holes.push([next, id - 1]);
    next = id + 1;
  }
  return holes;
}

/**
 * Neighbours that were thinned alike, and least, the oldest of them: so the beginning of an outage becomes coarser step by
 * step, and its end stays as it was. Never the segment that is written to.
 */
function leastThinned(
  segments: readonly Segment[],
  mayGo: (segment: Segment) => boolean,
): readonly [Segment, Segment] | null {
  const pairs = segments.slice(1, -1).flatMap((newer, index) => {
    const older = segments[index];
    if (older === undefined || !mayGo(older) || !mayGo(newer)) return [];
    return [{ older, newer, level: Math.max(older.thinned, newer.thinned) }];
  });
  const alike = pairs.filter(({ older, newer }) => older.thinned === newer.thinned);
  const [best] = (alike.length > 0 ? alike : pairs).toSorted((one, two) => one.level - two.level);
  return best ? [best.older, best.newer] : null;
}
