import type { Clock, DropReason, Journal, Logger, Moment, Random, TakenSample } from "../ports.ts";
import type { SegmentStore } from "../segment-store.ts";
import { createAppender } from "./appender.ts";
import { between, bytesOf, enforceBounds, type JournalBounds } from "./bounds.ts";
import { createDiskStanding, Withheld } from "./disk-standing.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createIdRanges } from "./id-ranges.ts";
import { createLedger } from "./ledger.ts";
import { type Recovered, recover } from "./recover.ts";
import { createRelease } from "./release.ts";
import { createSampleReader } from "./sample-reader.ts";
import { NewerFormat } from "./segment.ts";
import { createThinner } from "./thin.ts";
import { createWriteMeter, WRITTEN } from "./write-meter.ts";

/** Preallocated, so that a write changes data blocks only, and no file grows. */
const LARGEST_SEGMENT_BYTES = 256 * 1024;
const SMALLEST_SEGMENT_BYTES = 16 * 1024;
/** Segments that a journal at its bound consists of, at least: each is given up as a whole. */
const LEAST_SEGMENTS = 8;

/** Samples that are sent soon are not read back from the disk. */
const MOST_RECENT = 64;
/** The merged one may take the room of two, and the next one is to have some, too. */
const SEGMENTS_OF_THINNING = 3;
/** Of nearly every file system; where it does not say. */
const USUAL_BLOCK_BYTES = 4_096;

export interface JournalOptions {
  /** Null: in memory, by choice. */
  readonly disk: SegmentStore | null;
  readonly bounds: JournalBounds;
  /** How long a sample may wait to be written: 0 writes each at once, and it counts as accepted only then. */
  readonly windowMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly bootId: string;
  readonly log: Logger;
}

export interface DurableJournal extends Journal {
  /** From now on these hold, for what waits already too. */
  setBounds(bounds: JournalBounds): void;
}

const nothing = (): Recovered => ({
  segments: [],
  leftover: [],
  settled: createIdRanges(),
  dropped: {},
  notes: {},
  nextId: 1,
  nextNumber: 1,
  resume: null,
  lastTs: null,
});

/**
 * Samples on the disk until they are delivered: append-only segments, one sync for all that wait for it. Opens whatever it
 * finds, and goes on in memory where the disk does not work.
 */
export async function openJournal(options: JournalOptions): Promise<DurableJournal> {
  const { disk, log } = options;
  if (disk === null) return journalInMemory(options);
  try {
    const recovered = await recover(disk, log);
    return createJournal(options, recovered, null, await blockBytesOf(disk));
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? error : null;
    if (reason === null) throw error;
    log.error("the journal cannot be opened, samples wait in memory", {
      reason: reason.message,
      hint:
        reason instanceof NewerFormat
          ? "install that version again, it will deliver them; nothing was changed"
          : "see docs/reliability.md; nothing of it was changed",
    });
    return createJournal({ ...options, disk: null }, nothing(), String(reason.code));
  }
}

export const journalInMemory = (options: Omit<JournalOptions, "disk">): DurableJournal =>
  createJournal({ ...options, disk: null }, nothing(), null);

/** What does not work will be told by whoever writes: this is only to count it. */
const blockBytesOf = (disk: SegmentStore): Promise<number> =>
  disk.blockBytes().catch((error) => {
    if (!(error instanceof Error && "code" in error)) throw error;
    return USUAL_BLOCK_BYTES;
  });

function createJournal(
  options: JournalOptions,
  recovered: Recovered,
  unusable: string | null,
  blockBytes = USUAL_BLOCK_BYTES,
): DurableJournal {
  const { disk, windowMs, clock, random, bootId, log } = options;
  let { bounds } = options;
  const ledger = createLedger(recovered);
  const standing = createDiskStanding(clock, log);
  const recent = new Map<number, TakenSample>();
  let { lastTs } = recovered;
  /** When the last sample was taken, with or without a time; of a former run nothing but its time is known. */
  let latest: Moment | null = lastTs === null ? null : { bootId: "", monotonicMs: 0, ts: lastTs };
  /** The wall clock counts once a sample of this run had a time. */
  let isDated = false;
  const now = (): Moment => ({
    bootId,
    monotonicMs: clock.monotonic(),
    ts: isDated ? clock.now() : null,
  });
  const meter = createWriteMeter(now, ledger.notes[WRITTEN] ?? null, blockBytes);
  const admitWrite = () => {
    if (meter.today >= bounds.maxBytesPerDay) throw new Withheld("budget");
  };
  const admitSegments = async (segments: number) => {
    admitWrite();
    const wanted = bounds.keepFreeBytes + segments * segmentBytes();
    if (disk !== null && (await disk.freeBytes()) < wanted) throw new Withheld("ENOSPC");
  };
  const admitThinning = () => admitSegments(SEGMENTS_OF_THINNING);
  const thinner = disk && createThinner({ ledger, disk, random, meter, admit: admitThinning, log });
  const forget = (id: number, reason?: DropReason) => {
    ledger.settle(id, id, reason);
    recent.delete(id);
  };

  const segmentBytes = () =>
    Math.min(
      LARGEST_SEGMENT_BYTES,
      Math.max(SMALLEST_SEGMENT_BYTES, Math.floor(bounds.maxBytes / LEAST_SEGMENTS)),
    );

  const release = createRelease({ ledger, disk, thinner, leftover: recovered.leftover, log });

  const appender = createAppender({
    ledger,
    disk,
    segmentBytes,
    resume: recovered.resume,
    standing,
    meter,
    random,
    latest: () => latest,
    async enforce() {
      // Two files live on beside the one made of them until that is on the disk.
      const isFull = () => bytesOf(ledger.segments) > bounds.maxBytes - 2 * segmentBytes();
      while (bounds.thins && thinner !== null && isFull() && (await thinner.thin()));
      enforceBounds(ledger, bounds, now(), segmentBytes());
    },
    admit: admitWrite,
    admitSegment: () => admitSegments(1),
    saved: release,
  });
  const isTooOld = (taken: Moment) => (between(taken, now()) ?? 0) > bounds.maxAgeMs;
  const reader = createSampleReader({ ledger, clock, recent, isTooOld, log });

  const forgetRecent = () => {
    for (const [id] of recent) {
      if (recent.size <= MOST_RECENT) break;
      recent.delete(id);
    }
  };
  const commit = createGroupCommit({
    ...{ appender, ledger, windowMs, clock },
    onWritten: forgetRecent,
  });

  return {
    async append(sample) {
      const id = ledger.takeId();
      const { ts } = sample.taken;
      latest = sample.taken;
      if (ts !== null) {
        isDated = true;
        lastTs = Math.max(lastTs ?? 0, ts);
      }
      recent.set(id, sample);
      await commit.add({ id, sample });
      return id;
    },
    read: (range) => reader.read(range),
    newest: () => reader.newest(),
    isWaiting: (id) => ledger.isWaiting(id),
    async settle(ids) {
      for (const id of ids) forget(id);
    },
    async drop(ids, reason) {
      for (const id of ids) forget(id, reason);
    },
    noted: (name) => ledger.notes[name] ?? null,
    note: (name, value) => ledger.note(name, value),
    sync: commit.flush,
    get lastTs() {
      return lastTs;
    },
    waiting: () => ledger.waiting,
    dropped: () => sumOf(ledger.dropped),
    stats: () => ({
      waiting: ledger.waiting,
      dropped: sumOf(ledger.dropped),
      droppedBy: ledger.dropped,
      storage: disk === null || standing.problem !== null ? "memory" : "disk",
      problem: unusable ?? standing.problem,
      bytesWritten: meter.total,
      bytesToday: meter.today,
    }),
    setBounds(next) {
      bounds = next;
      enforceBounds(ledger, bounds, now(), 0);
    },
    async [Symbol.asyncDispose]() {
      if (meter.total > 0) ledger.note(WRITTEN, meter.toJson());
      while (!commit.isDone) await commit.flush();
      for (const { file } of ledger.segments)
        await file.close().catch((error) => {
          log.warn("a segment of the journal cannot be closed", { error: String(error) });
        });
    },
  };
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
