import { type DurableJournal, journalInMemory } from "../../agent/journal/journal.ts";
import type { Clock, JournalStats, Moment } from "../../agent/ports.ts";
import type { OutboxDeps } from "../../agent/telemetry/outbox.ts";
import { createStamp } from "../../agent/telemetry/stamp.ts";
import { recordingLog } from "./recording-log.ts";
import { virtualClock } from "./virtual-clock.ts";

/** Wide enough for any test. */
export const wideBounds = {
  maxBytes: 8e6,
  maxAgeMs: 1e12,
  keepFreeBytes: 0,
  thins: false,
  maxBytesPerDay: Number.POSITIVE_INFINITY,
};

export const emptyStats: JournalStats = {
  waiting: 0,
  dropped: 0,
  droppedBy: {},
  storage: "memory",
  problem: null,
  bytesWritten: 0,
  bytesToday: 0,
};

/** A journal in memory. */
export const aJournal = (clock: Clock = virtualClock(), bounds = wideBounds): DurableJournal =>
  journalInMemory({
    bounds,
    windowMs: 0,
    bootId: "this-boot",
    clock,
    random: { fraction: () => 0.5, bytes: (size) => new Uint8Array(size).fill(7) },
    log: recordingLog(),
  });

/** A moment whose time is known. */
export const takenAt = (ts: number): Moment => ({ bootId: "this-boot", monotonicMs: ts, ts });

/** A timeline's stamp while the clock is trusted. */
export function stampOf(clock: Clock): () => Moment {
  const stamp = createStamp({ clock, before: { lastTs: 0, passes: 0 }, onSetBack() {} });
  return () => takenAt(stamp());
}

/** Every sample has a time already. */
export const datedTimeline: OutboxDeps["timeline"] = {
  tsOf: ({ ts }) => ts,
  source: "always",
  onTrusted: () => {},
  isAhead: () => false,
  drained: () => {},
};

/** What a publisher needs beside its way out, for tests that do not look at it. */
export const plainPace = {
  intervalMs: 10_000,
  maxPerSecond: null,
  aside: { keep() {} },
  onServerFault() {},
};
