import { durationMs } from "./duration.ts";
import { duration, optionalRate, optionalSize, size } from "./quantity-kinds.ts";
import { setting } from "./setting.ts";
import { sizeBytes } from "./size.ts";
import { choice } from "./text-kinds.ts";

/** Sections [outbox] and [clock]: what becomes of a sample until it is delivered. */
export const outbox = {
  meaning: "Samples that wait for the server; the journal is their file.",
  settings: {
    durability: setting({
      kind: choice("durability", ["each", "window", "memory"]),
      default: "each",
      meaning: "each: on the disk before it counts; window: now and then; memory: never",
      details:
        "`each` writes and syncs every sample: one block of the file system, and three that it adds of its own. `window` writes what was not delivered " +
        "by then: on a good network next to nothing, and a power cut costs at most one window. `memory` writes " +
        "nothing: a restart loses what waits. A change counts from the next start on.",
    }),
    window: setting({
      kind: duration(durationMs("1s"), durationMs("1h")),
      default: durationMs("60s"),
      meaning: 'for durability = "window": this much may be lost in a power cut',
    }),
    max_size: setting({
      kind: size(sizeBytes("100KB"), sizeBytes("1GB")),
      default: sizeBytes("64MB"),
      meaning: "the oldest samples are dropped above it",
      details:
        "In memory (by choice, or while the disk does not work) at most 8 MiB. Dropped samples are counted: agentDropped.",
    }),
    max_age: setting({
      kind: duration(durationMs("60s"), durationMs("365d")),
      default: durationMs("30d"),
      meaning: "older samples are dropped",
    }),
    keep_free: setting({
      kind: size(0, sizeBytes("100GB")),
      default: sizeBytes("100MB"),
      meaning: "with less left on the disk, samples wait in memory",
    }),
    on_full: setting({
      kind: choice("way to make room", ["oldest", "thin"]),
      default: "oldest",
      meaning: 'above max_size: drop the "oldest", or "thin": keep every second of them',
      details:
        "`thin` keeps the shape of a long outage: the older a stretch, the more often every second of its samples has gone. " +
        "What stays is written once more each time.",
    }),
    max_writes_per_day: setting({
      kind: optionalSize(sizeBytes("1MB"), sizeBytes("100GB")),
      default: null,
      meaning:
        'once so much, say "50MB", was written in a day (UTC; without a date 24 hours of running), samples wait in memory',
      details:
        "An estimate: whole blocks of the file system, and the three that ext4 adds to a write every 5 s at most. With the 4 KiB of a root a " +
        "sample every 60 s is about 25 MB a day, one every 10 s 150 MB; on a partition of its own with blocks of 1 KiB a quarter of it. With " +
        "the mount option commit=300 it is about 40 MB at 10 s, which the estimate does not know: " +
        "[read-only-root.md](read-only-root.md#fewer-writes).",
    }),
    max_drain_rate: setting({
      kind: optionalRate(1 / 60, 200),
      default: null,
      meaning: 'messages, say "20/s": upper limit for the backlog; "" = 200/s',
      details:
        "After an outage the backlog leaves beside live data: at first twice as fast as that, then faster while all goes " +
        "well, at most four messages a round trip. A server that many devices share may need a lower limit.",
    }),
  },
} as const;

export const clock = {
  meaning: "When the time of this board is believed. Nothing is sent without a time.",
  settings: {
    trust: setting({
      kind: choice("clock trust", ["auto", "always"]),
      default: "auto",
      meaning: "auto: when it is synchronised, or plausible for a while; always: as it is",
      details:
        "A board without a clock of its own starts in the past. Until its clock is trusted samples wait, and then they " +
        "get the time at which they were taken. Plausible is a time after this version was built and after the last " +
        "sample on the disk. All of it: docs/clock.md.",
    }),
    wait: setting({
      kind: duration(0, durationMs("1h")),
      default: durationMs("60s"),
      meaning: "a plausible clock that nothing synchronises is believed so long after the boot",
    }),
  },
} as const;
