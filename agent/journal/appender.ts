import type { Moment, Random, TakenSample } from "../ports.ts";
import type { SegmentHeader, SegmentStore } from "../segment-store.ts";
import { createWriter } from "./bytes.ts";
import { codeOf, type DiskStanding, Withheld } from "./disk-standing.ts";
import { END, frameBytes, frameOf } from "./frame.ts";
import { joined } from "./joined.ts";
import type { Ledger } from "./ledger.ts";
import { ramStore } from "./ram-store.ts";
import { writeFacts, writeProgress, writeState } from "./record.ts";
import { createSampleEncoder } from "./sample-record.ts";
import { newSeed, noHoles, type Segment } from "./segment.ts";
import { HEADER_BYTES, sealOf, writeHeader } from "./segment-header.ts";
import { WRITTEN, type WriteMeter } from "./write-meter.ts";

/** Of samples in one write: what is read back or lost together stays small. */
const MOST_SAMPLES = 64;
/** At the end of each on the disk, for what becomes of samples while the disk takes no more segments. */
const TELLING_BYTES = 512;
/** Ranges of settled ids that are said again with notes and counters: mostly there are two. */
const MOST_RESTATED = 16;
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
    const onDisk = store !== ram;
    if (onDisk) ledger.note(WRITTEN, meter.toJson());
    writer.cut(0);
    writeState(writer, ledger.state(begun));
    const state = frameOf(writer.bytes(), sealOf(header), HEADER_BYTES);
    const head = joined(writeHeader(header), state, END);
    const bytes = Math.max(size, head.length + needed + (onDisk ? TELLING_BYTES : 0));
    const file = await store.create(header, bytes, head);
    if (onDisk) meter.wrote(0, head.length);
    const used = head.length - END.length;
    const endId = Number.POSITIVE_INFINITY;
    const reading = { isDamaged: false, failures: 0, retryAtMs: 0 };
    const made = { thinned: 0, holes: noHoles };
    const segment: Segment = { header, file, onDisk, used, endId, begun, ...made, ...reading };
    const last = ledger.segments.at(-1);
    if (last) last.endId = Math.min(last.endId, firstId);
    ledger.segments.push(segment);
    ledger.saved(onDisk ? "disk" : "memory");
    encoder.reset();
    return segment;
  };

  /** Brings what waits in memory to the disk, as it is and as far as there is room, oldest first. */
  const restore = async (): Promise<void> => {
    for (const segment of ledger.segments) {
      if (disk === null || segment.onDisk || ledger.isDone(segment)) continue;
      try {
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
    const { settled, isChanged } = ledger.unsaved();
    const state = isChanged ? ledger.state(null) : null;
    if (state !== null && state.settled.length <= MOST_RESTATED) writeState(writer, state);
    else {
      if (settled.length > 0) writeProgress(writer, settled);
      if (state !== null) writeFacts(writer, state);
    }
    // A frame of several samples stands alone: it is lost as a whole, and nothing is lost with another one.
    if (queued.length > 1) encoder.reset();
    for (const { id, sample } of queued) encoder.write(writer, id - firstId, sample);
    return writer.bytes();
  };

  const writeFrame = async (segment: Segment, body: Uint8Array): Promise<void> => {
    const { header, file, used, onDisk } = segment;
    const frame = frameOf(body, sealOf(header), used);
    if (onDisk) deps.admit();
    await file.write(used, joined(frame, END).subarray(0, file.bytes - used));
    if (onDisk) meter.wrote(used, frame.length);
    segment.used += frame.length;
  };

  /** A full disk takes no segment: what memory knows is said in the room kept for it, and then what is done with goes. */
  const tell = async (): Promise<void> => {
    const home = ledger.segments.findLast(({ onDisk }) => onDisk);
    // With more to be saved the counters would be ahead of the ids.
    if (home === undefined || standing.problem !== "ENOSPC" || ledger.hasUnsaved) return;
    const isKept = (segment: Segment) =>
      segment.onDisk &&
      segment !== home &&
      ledger.isDone(segment) &&
      ledger.inMemoryOnly(segment.header.firstId, segment.endId - 1).length > 0;
    if (!ledger.segments.some(isKept)) return;
    const ids = ledger.inMemoryOnly(1, home.endId - 1);
    writer.cut(0);
    writeProgress(writer, ids);
    writeFacts(writer, { dropped: ledger.dropped });
    const body = writer.bytes();
    if (home.used + frameBytes(body.length) > home.file.bytes) return;
    try {
      await writeFrame(home, body);
      ledger.brought(ids);
    } catch (error) {
      if (codeOf(error) === null) throw error; // else they stay until the disk works
    }
  };

  const writeSome = async (queued: readonly Queued[], unwritten: number): Promise<void> => {
    const beginning = (needed: number) => beginningAt(queued[0], unwritten, needed);
    if (standing.problem !== null) current = (await beginOnDisk(beginning(0))) ?? current;
    for (;;) {
      const segment = current ?? (await begin(beginning(0)));
      current = segment;
      const body = bodyOf(queued, segment.header.firstId);
      if (body.length === 0) return;
      const end = segment.file.bytes - (segment.onDisk ? TELLING_BYTES : 0);
      if (segment.used + frameBytes(body.length) > end) {
        // There it begins with a keyframe, which is larger.
        encoder.reset();
        const whole = bodyOf(queued, segment.header.firstId);
        current = await begin(beginning(frameBytes(whole.length)));
        continue;
      }
      try {
        await writeFrame(segment, body);
      } catch (error) {
        encoder.reset();
        standing.failed(error);
        current = null;
        continue;
      }
      ledger.saved(segment.onDisk ? "disk" : "memory");
      if (!segment.onDisk) await tell();
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
