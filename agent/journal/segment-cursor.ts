import type { NumberedSample } from "./sample-record.ts";
import { type Scanned, scan } from "./scan.ts";
import type { Segment } from "./segment.ts";
import { contentOf } from "./segment-content.ts";

/** Reads samples back from segments, forwards; it keeps the bytes of the one it is in. */
export interface SegmentCursor {
  /** The first sample from `id` on that can be read; null when the segment holds none. @throws the system's error */
  find(segment: Segment, id: number): Promise<NumberedSample | null>;
  /** The last id before `id` whose sample can be read. @throws the system's error */
  lastBefore(segment: Segment, id: number): Promise<number | null>;
}

/** Samples that were passed and may be asked for again: what is on its way to the server is. */
const KEPT_BEHIND = 512;

interface Position {
  readonly segment: Segment;
  /** How much of the segment was there when it was loaded. */
  readonly loaded: number;
  readonly frames: Generator<Scanned>;
  /** Rising ids; what was read last is at the end. */
  read: NumberedSample[];
  /** Before the first of `read`: these would have to be read anew. */
  forgotten: number;
}

export function createSegmentCursor(): SegmentCursor {
  let position: Position | null = null;

  const enter = async (segment: Segment): Promise<Position> => {
    const { used, header } = segment;
    const bytes = await contentOf(segment);
    return { segment, loaded: used, frames: scan(bytes, header), read: [], forgotten: -1 };
  };

  const goOn = (here: Position): boolean => {
    const { value } = here.frames.next();
    if (!value) return false;
    here.read.push(...value.samples);
    if (here.read.length > 2 * KEPT_BEHIND) {
      const kept = here.read.slice(-KEPT_BEHIND);
      here.forgotten = (kept[0]?.id ?? 0) - 1;
      here.read = kept;
    }
    return true;
  };

  return {
    async find(segment, id) {
      const isHere = position?.segment === segment && position.forgotten < id;
      let here = isHere && position ? position : await enter(segment);
      for (;;) {
        position = here;
        const last = here.read.at(-1);
        if (last && last.id >= id) return firstFrom(here.read, id);
        if (goOn(here)) continue;
        if (segment.used === here.loaded) return null;
        here = await enter(segment);
      }
    },
    async lastBefore(segment, id) {
      let last: number | null = null;
      for (const { samples } of scan(await contentOf(segment), segment.header))
        for (const sample of samples) if (sample.id < id) last = Math.max(last ?? 0, sample.id);
      return last;
    },
  };
}

/** By bisection. */
function firstFrom(read: readonly NumberedSample[], id: number): NumberedSample | null {
  let [low, high] = [0, read.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((read[middle]?.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return read[low] ?? null;
}
