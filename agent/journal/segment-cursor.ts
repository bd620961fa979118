import type { TakenSample } from "../ports.ts";
import type { NumberedSample } from "./sample-record.ts";
import { type Scanned, scan } from "./scan.ts";
import type { Segment } from "./segment.ts";

/** Reads samples back from segments, forwards; it keeps the bytes of the one it is in. */
export interface SegmentCursor {
  /** Null when the segment no longer holds it: it was damaged. @throws the system's error */
  find(segment: Segment, id: number): Promise<TakenSample | null>;
}

interface Position {
  readonly segment: Segment;
  /** How much of the segment was there when it was loaded. */
  readonly loaded: number;
  readonly frames: Generator<Scanned>;
  /** Read, and not passed yet. */
  ahead: NumberedSample[];
  /** All up to this one were passed. */
  passed: number;
}

export function createSegmentCursor(): SegmentCursor {
  let position: Position | null = null;

  const enter = async (segment: Segment): Promise<Position> => {
    const { used, file, header } = segment;
    const bytes = await file.read(0, used);
    return { segment, loaded: used, frames: scan(bytes, header), ahead: [], passed: -1 };
  };

  return {
    async find(segment, id) {
      const isHere = position?.segment === segment && position.passed < id;
      let here = isHere && position ? position : await enter(segment);
      for (;;) {
        position = here;
        const index = here.ahead.findIndex((entry) => entry.id >= id);
        const entry = here.ahead[index];
        if (entry) {
          here.ahead = here.ahead.slice(index);
          here.passed = entry.id - 1;
          return entry.id === id ? entry.sample : null;
        }
        const { value } = here.frames.next();
        if (value) here.ahead = [...value.samples];
        else if (segment.used > here.loaded) here = await enter(segment);
        else return null;
      }
    },
  };
}
