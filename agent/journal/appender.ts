import type { Moment, Random, TakenSample } from "../ports.ts";
import type { SegmentHeader, SegmentStore } from "../segment-store.ts";
import { createWriter } from "./bytes.ts";
import { type DiskStanding, Withheld } from "./disk-standing.ts";
import { END, frameBytes, frameOf } from "./frame.ts";
import { joined } from "./joined.ts";
import type { Ledger } from "./ledger.ts";
import { ramStore } from "./ram-store.ts";
import { writeProgress, writeState } from "./record.ts";
import { createSampleEncoder } from "./sample-record.ts";
import { newSeed, type Segment } from "./segment.ts";
import { HEADER_BYTES, sealOf, writeHeader } from "./segment-header.ts";
import type { WriteMeter } from "./write-meter.ts";

/** Of samples in one write: what is read back or lost together stays small. */
const MOST_SAMPLES = 64;
/** In memory a segment is small: it is taken as a whole. */
const RAM_SEGMENT_BYTES = 16 * 1024;

export interface Queued {
  readonly id: number;
  readonly sample: TakenSample;
}

interface Beginning {
  readonly firstId: number;
  readonly begun: Moment | null;
  /** Bytes beyond its head. */
  readonly needed: number;
}

export interface AppenderDeps {
  readonly ledger: Ledger;
  /** Null: in memory, by choice. */
  readonly disk: SegmentStore | null;
  readonly segmentBytes: () => number;
  /** Where the last run stopped writing; null: a new segment is begun. */
  readonly resume: Segment | null;
  readonly standing: DiskStanding;
  readonly meter: WriteMeter;
  readonly random: Random;
  /** When the last sample was taken, before which none that comes is taken; null: there was none. */
  latest(): Moment | null;
  /** Before one more segment is begun: what is too old or too much goes. */
  enforce(): Promise<void>;
  /** Before the disk is written. @throws Withheld */
  admit(): void;
  /** Before it takes one more segment. @throws Withheld, or the system's error */
  admitSegment(): Promise<void>;
  /** Something was written down: segments may go now. */
  saved(): Promise<void>;
}

export interface Appender {
  /**
   * Writes what is queued and what the ledger has not saved; all of one call become durable together. Every sample that has an
   * id by now is queued, written, or not waited for.
   */
  write(queued: readonly Queued[]): Promise<void>;
}

/** The writing end of the journal: to the disk, and to memory while that does not work. */
export function createAppender(deps: AppenderDeps): Appender {
  const { ledger, disk, segmentBytes, standing, meter, random } = deps;
  const ram = ramStore();
  const encoder = createSampleEncoder();
  const writer = createWriter();
  let current = deps.resume;

  const create = async (
    store: SegmentStore,
    size: number,
    { firstId, begun, needed }: Beginning,
  ): Promise<Segment> => {
    const header: SegmentHeader = {
      number: ledger.takeNumber(),
      seed: newSeed(random),
      firstId,
    };
    writer.cut(0);
    writeState(writer, ledger.state(begun));
    const state = frameOf(writer.bytes(), sealOf(header), HEADER_BYTES);
    const head = joined(writeHeader(header), state, END);
    const bytes = Math.max(size, head.length + needed);
    const file = await store.create(header, bytes, head);
    const onDisk = store !== ram;
    if (onDisk) meter.wrote(0, head.length);
    const used = head.length - END.length;
    const endId = Number.POSITIVE_INFINITY;
    const reading = { isDamaged: false, failures: 0, retryAtMs: 0 };
    const segment: Segment = { header, file, onDisk, used, endId, begun, thinned: 0, ...reading };
    const last = ledger.segments.at(-1);
    if (last) last.endId = Math.min(last.endId, firstId);
    ledger.segments.push(segment);
    ledger.saved();
    encoder.reset();
    return segment;
  };

  /** Brings what waits in memory to the disk, as it is and as far as there is room, oldest first. */
  const restore = async (): Promise<void> => {
    for (const segment of ledger.segments) {
      if (disk === null || segment.onDisk || ledger.isDone(segment)) continue;
      try {
        deps.admit();
        await deps.admitSegment();
        const bytes = await segment.file.read(0, segment.file.bytes);
        const file = await disk.create(segment.header, bytes.length, bytes);
        meter.wrote(0, bytes.length);
        Object.assign(segment, { file, onDisk: true });
      } catch (error) {
        // Without room for it there may be some for what comes: that disk is no worse than before.
        if (!(error instanceof Withheld)) standing.failed(error);
        return;
      }
    }
  };

  /** Null while the disk is not to be written. */
  const beginOnDisk = async (beginning: Beginning): Promise<Segment | null> => {
    if (disk === null || !standing.isDue) return null;
    try {
      deps.admit();
      await deps.admitSegment();
      const segment = await create(disk, segmentBytes(), beginning);
      standing.works();
      return segment;
    } catch (error) {
      standing.failed(error);
      return null;
    }
  };

  /** `unwritten`: no sample that is still to be written has a lower id. */
  const beginningAt = (
    first: Queued | undefined,
    unwritten: number,
    needed: number,
  ): Beginning => ({
    firstId: first?.id ?? unwritten,
    begun: first?.sample.taken ?? deps.latest(),
    needed,
  });

  const begin = async (beginning: Beginning): Promise<Segment> => {
    await deps.enforce();
    const ramBytes = Math.min(segmentBytes(), RAM_SEGMENT_BYTES);
    return (await beginOnDisk(beginning)) ?? create(ram, ramBytes, beginning);
  };

  const bodyOf = (queued: readonly Queued[], firstId: number): Uint8Array => {
    writer.cut(0);
    const unsaved = ledger.unsaved();
    if (unsaved === "state") writeState(writer, ledger.state(null));
    else if (unsaved !== null) writeProgress(writer, unsaved);
    // A frame of several samples stands alone: it is lost as a whole, and nothing is lost with another one.
    if (queued.length > 1) encoder.reset();
    for (const { id, sample } of queued) encoder.write(writer, id - firstId, sample);
    return writer.bytes();
  };

  const writeSome = async (queued: readonly Queued[], unwritten: number): Promise<void> => {
    const beginning = (needed: number) => beginningAt(queued[0], unwritten, needed);
    if (standing.problem !== null) current = (await beginOnDisk(beginning(0))) ?? current;
    for (;;) {
      const segment = current ?? (await begin(beginning(0)));
      current = segment;
      const body = bodyOf(queued, segment.header.firstId);
      if (body.length === 0) return;
      if (segment.used + frameBytes(body.length) > segment.file.bytes) {
        // There it begins with a keyframe, which is larger.
        encoder.reset();
        const whole = bodyOf(queued, segment.header.firstId);
        current = await begin(beginning(frameBytes(whole.length)));
        continue;
      }
      const frame = frameOf(body, sealOf(segment.header), segment.used);
      const room = segment.file.bytes - segment.used;
      try {
        if (segment.onDisk) deps.admit();
        await segment.file.write(segment.used, joined(frame, END).subarray(0, room));
      } catch (error) {
        encoder.reset();
        standing.failed(error);
        current = null;
        continue;
      }
      if (segment.onDisk) meter.wrote(segment.used, frame.length);
      segment.used += frame.length;
      ledger.saved();
      await deps.saved();
      if (segment.onDisk) await restore();
      return;
    }
  };

  return {
    async write(queued) {
      // As it is now: while the disk is busy samples take further ids, and wait for the next write.
      const { nextId } = ledger;
      for (let done = 0; done === 0 || done < queued.length; done += MOST_SAMPLES)
        await writeSome(queued.slice(done, done + MOST_SAMPLES), nextId);
    },
  };
}
