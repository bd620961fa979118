import type { Clock, Logger, Moment, Random, TakenSample } from "../ports.ts";
import type { SegmentHeader, SegmentStore } from "../segment-store.ts";
import { createWriter } from "./bytes.ts";
import { frameBytes, frameOf } from "./frame.ts";
import type { Ledger } from "./ledger.ts";
import { ramStore } from "./ram-store.ts";
import { writeProgress, writeState } from "./record.ts";
import { createSampleEncoder } from "./sample-record.ts";
import type { Segment } from "./segment.ts";
import { writeHeader } from "./segment-header.ts";

/** A disk that did not work is tried again after this. */
const RETRY_MS = 60_000;
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
  readonly clock: Clock;
  readonly random: Random;
  /** Before one more segment is begun: what is too old or too much goes. */
  enforce(): void;
  /** Whether the disk may take one more segment. */
  hasRoom(): Promise<boolean>;
  /** Something was written down: segments may go now. */
  saved(): Promise<void>;
  readonly log: Logger;
}

export interface Appender {
  /** Writes what is queued and what the ledger has not saved; all of one call become durable together. */
  write(queued: readonly Queued[]): Promise<void>;
  /** Null while the disk works; else what it said. */
  readonly problem: string | null;
  readonly bytesWritten: number;
}

/** The writing end of the journal: to the disk, and to memory while that does not work. */
export function createAppender(deps: AppenderDeps): Appender {
  const { ledger, disk, segmentBytes, clock, random, log } = deps;
  const ram = ramStore();
  const encoder = createSampleEncoder();
  const writer = createWriter();
  let current: Segment | null = null;
  let problem: string | null = null;
  let retryAtMs = 0;
  let bytesWritten = 0;

  const failed = (error: unknown) => {
    const reason = codeOf(error);
    if (reason === null) throw error; // a bug of ours, not the disk's fault
    retryAtMs = clock.monotonic() + RETRY_MS;
    current = null;
    if (problem === null) {
      const hint = "see dmesg and df -h; the disk is tried again every minute";
      log.error("the disk takes no samples, they wait in memory", { reason, hint });
    }
    problem = reason;
  };

  const create = async (
    store: SegmentStore,
    size: number,
    { firstId, begun, needed }: Beginning,
  ): Promise<Segment> => {
    const header: SegmentHeader = {
      number: ledger.takeNumber(),
      seed: seedOf(random),
      firstId,
    };
    writer.cut(0);
    writeState(writer, ledger.state(begun));
    const head = joined(writeHeader(header), frameOf(writer.bytes(), header.seed));
    const bytes = Math.max(size, head.length + needed);
    const file = await store.create(header, bytes, head);
    const onDisk = store !== ram;
    if (onDisk) bytesWritten += head.length;
    const used = head.length;
    const endId = Number.POSITIVE_INFINITY;
    const reading = { isDamaged: false, failures: 0, retryAtMs: 0 };
    const segment: Segment = { header, file, onDisk, used, endId, begun, ...reading };
    const last = ledger.segments.at(-1);
    if (last) last.endId = Math.min(last.endId, firstId);
    ledger.segments.push(segment);
    ledger.saved();
    encoder.reset();
    return segment;
  };

  /** Brings what waits in memory to the disk, as it is. @throws the system's error */
  const restore = async (store: SegmentStore) => {
    for (const segment of ledger.segments.filter(({ onDisk }) => !onDisk)) {
      const bytes = await segment.file.read(0, segment.file.bytes);
      const file = await store.create(segment.header, bytes.length, bytes);
      bytesWritten += bytes.length;
      Object.assign(segment, { file, onDisk: true });
    }
  };

  const begin = async (first: Queued | undefined, needed: number): Promise<Segment> => {
    const beginning = {
      firstId: first?.id ?? ledger.nextId,
      begun: first?.sample.taken ?? null,
      needed,
    };
    deps.enforce();
    if (disk !== null && (problem === null || clock.monotonic() >= retryAtMs)) {
      try {
        if (!(await deps.hasRoom())) throw Object.assign(new Error("full"), { code: "ENOSPC" });
        await restore(disk);
        const segment = await create(disk, segmentBytes(), beginning);
        if (problem !== null) log.notice("the disk takes samples again", { after: problem });
        problem = null;
        return segment;
      } catch (error) {
        failed(error);
      }
    }
    return create(ram, Math.min(segmentBytes(), RAM_SEGMENT_BYTES), beginning);
  };

  const bodyOf = (queued: readonly Queued[], firstId: number): Uint8Array => {
    writer.cut(0);
    const unsaved = ledger.unsaved();
    if (unsaved === "state") writeState(writer, ledger.state(null));
    else if (unsaved !== null) writeProgress(writer, unsaved);
    for (const { id, sample } of queued) encoder.write(writer, id - firstId, sample);
    return writer.bytes();
  };

  const writeSome = async (queued: readonly Queued[]): Promise<void> => {
    const isDue = problem !== null && disk !== null && clock.monotonic() >= retryAtMs;
    if (isDue) current = null;
    for (;;) {
      const segment = current ?? (await begin(queued[0], 0));
      current = segment;
      const body = bodyOf(queued, segment.header.firstId);
      if (body.length === 0) return;
      if (segment.used + frameBytes(body.length) > segment.file.bytes) {
        // There it begins with a keyframe, which is larger.
        encoder.reset();
        const whole = bodyOf(queued, segment.header.firstId);
        current = await begin(queued[0], frameBytes(whole.length));
        continue;
      }
      const frame = frameOf(body, segment.header.seed);
      try {
        await segment.file.write(segment.used, frame);
      } catch (error) {
        encoder.reset();
        failed(error);
        continue;
      }
      segment.used += frame.length;
      if (segment.onDisk) bytesWritten += frame.length;
      ledger.saved();
      return deps.saved();
    }
  };

  return {
    async write(queued) {
      for (let done = 0; done === 0 || done < queued.length; done += MOST_SAMPLES)
        await writeSome(queued.slice(done, done + MOST_SAMPLES));
    },
    get problem() {
      return problem;
    },
    get bytesWritten() {
      return bytesWritten;
    },
  };
}

const seedOf = (random: Random): number => new DataView(random.bytes(4).buffer).getUint32(0);

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

const codeOf = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
