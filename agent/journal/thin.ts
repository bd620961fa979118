import type { Logger, Random } from "../ports.ts";
import type { SegmentHeader, SegmentStore, StoredSegment } from "../segment-store.ts";
import { createWriter } from "./bytes.ts";
import { codeOf } from "./disk-standing.ts";
import { frameOf } from "./frame.ts";
import { joined } from "./joined.ts";
import type { Ledger } from "./ledger.ts";
import { writeState } from "./record.ts";
import { createSampleEncoder, LONGEST_GROUP, type NumberedSample } from "./sample-record.ts";
import { scan } from "./scan.ts";
import { newSeed, type Segment } from "./segment.ts";
import { HEADER_BYTES, sealOf, writeHeader } from "./segment-header.ts";
import type { WriteMeter } from "./write-meter.ts";

export interface ThinnerDeps {
  readonly ledger: Ledger;
  readonly disk: SegmentStore;
  readonly random: Random;
  readonly meter: WriteMeter;
  readonly log: Logger;
}

/** Keeps the shape of a long outage: instead of losing its beginning it loses every second sample. */
export interface Thinner {
  /**
   * Makes one segment of two that were thinned least. False when there are none, or the disk fails. What it gave up is
   * counted; the two files go at `sweep`.
   */
  thin(): Promise<boolean>;
  /** That their samples have gone is on the disk by now. */
  sweep(): Promise<void>;
}

export function createThinner({ ledger, disk, random, meter, log }: ThinnerDeps): Thinner {
  let superseded: Segment[] = [];

  const waitingIn = async ({ file, header, used }: Segment): Promise<NumberedSample[]> => {
    const frames = [...scan(await file.read(0, used), header)];
    return frames.flatMap(({ samples }) => samples.filter(({ id }) => ledger.isWaiting(id)));
  };

  const store = async (
    [older, newer]: readonly [Segment, Segment],
    kept: readonly NumberedSample[],
    thinned: number,
  ): Promise<{ header: SegmentHeader; file: StoredSegment }> => {
    // The newer one's number and the older one's first id: see `leftovers`.
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
    };
    add();
    for (let at = 0; at < kept.length; at += LONGEST_GROUP) {
      writer.cut(0);
      encoder.reset();
      for (const { id, sample } of kept.slice(at, at + LONGEST_GROUP))
        encoder.write(writer, id - header.firstId, sample);
      add();
    }
    const content = joined(...parts);
    const file = await disk.create(header, content.length, content);
    meter.wrote(0, content.length);
    return { header, file };
  };

  const merge = async (pair: readonly [Segment, Segment]): Promise<boolean> => {
    const [older, newer] = pair;
    const waiting = [...(await waitingIn(older)), ...(await waitingIn(newer))];
    const kept = waiting.filter((_, index) => index % 2 === 0);
    const thinned = Math.max(older.thinned, newer.thinned) + 1;
    const { header, file } = await store(pair, kept, thinned);
    const { begun, isDamaged } = older;
    const merged: Segment = {
      ...newer,
      header,
      file,
      begun,
      thinned,
      used: file.bytes,
      isDamaged: isDamaged || newer.isDamaged,
    };
    ledger.segments.splice(ledger.segments.indexOf(older), 2, merged);
    superseded.push(newer, older); // in this order: see `leftovers`
    for (const { id } of waiting.filter((_, index) => index % 2 === 1))
      ledger.settle(id, id, "thinned");
    return true;
  };

  return {
    async thin() {
      const pair = leastThinned(ledger.segments.filter((segment) => !ledger.isDone(segment)));
      if (pair === null) return false;
      try {
        return await merge(pair);
      } catch (error) {
        const reason = codeOf(error);
        if (reason === null) throw error;
        log.warn("the journal cannot be thinned, the oldest samples go", { reason });
        return false;
      }
    },
    async sweep() {
      const gone = superseded;
      superseded = [];
      for (const { header, file } of gone) {
        try {
          await file.close();
          await disk.remove(header, null); // until the names are synced, both may be what is left
        } catch (error) {
          log.warn("a segment of the journal cannot be removed", { error: String(error) });
        }
      }
    },
  };
}

/**
 * Neighbours on the disk that were thinned alike, and least, the oldest of them: so the beginning of an outage becomes
 * coarser step by step, and its end stays as it was. Never the segment that is written to.
 */
function leastThinned(segments: readonly Segment[]): readonly [Segment, Segment] | null {
  const pairs = segments.slice(1, -1).flatMap((newer, index) => {
    const older = segments[index];
    if (older === undefined || !older.onDisk || !newer.onDisk) return [];
    return [{ older, newer, level: Math.max(older.thinned, newer.thinned) }];
  });
  const alike = pairs.filter(({ older, newer }) => older.thinned === newer.thinned);
  const [best] = (alike.length > 0 ? alike : pairs).toSorted((one, two) => one.level - two.level);
  return best ? [best.older, best.newer] : null;
}

export interface Leftovers {
  readonly kept: readonly SegmentHeader[];
  /** To be removed: nothing is lost with them. */
  readonly leftover: readonly SegmentHeader[];
}

/**
 * What a power cut within `thin` and `sweep` leaves. The merged segment has the number of the newer and the first id of the
 * older one: with both of them there it is the one too many, with the newer one gone the older one is.
 */
export function leftovers(headers: readonly SegmentHeader[]): Leftovers {
  const leftover = headers.flatMap((merged) => {
    const { number, firstId } = merged;
    const older = headers.find((other) => other.firstId === firstId && other.number < number);
    const newer = headers.find((other) => other.number === number && other.firstId > firstId);
    return older && newer ? [merged] : (older ?? newer ?? []);
  });
  return { kept: headers.filter((header) => !leftover.includes(header)), leftover };
}
