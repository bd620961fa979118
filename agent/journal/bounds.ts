import type { DropReason, Moment } from "../ports.ts";
import type { Ledger } from "./ledger.ts";
import type { Segment } from "./segment.ts";

/** How much may wait. The oldest segment goes as a whole, or two become one; what waited in it counts as dropped. */
export interface JournalBounds {
  /** Of all segments together, on the disk or in memory. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** With less than this left on the disk the journal takes no more of it. */
  readonly keepFreeBytes: number;
  /** Above maxBytes every second sample goes, not the oldest. */
  readonly thins: boolean;
  /** Once this much was written on one day, samples wait in memory until it is over. */
  readonly maxBytesPerDay: number;
}

/** What a backlog may take where there is no disk, whatever the settings allow. */
const MOST_RAM_BYTES = 8 * 1024 * 1024;

/** Gives up what is too old, and the oldest while all is too large for `more` bytes. */
export function enforceBounds(
  ledger: Ledger,
  { maxBytes, maxAgeMs }: Pick<JournalBounds, "maxBytes" | "maxAgeMs">,
  now: Moment,
  more: number,
): void {
  const { segments } = ledger;
  const give = ({ header, endId }: Segment, reason: DropReason) =>
    ledger.settle(header.firstId, endId - 1, reason);

  // When the next one begins, the last sample of this one has been taken already.
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]?.begun;
    const ageMs = next ? between(next, now) : null;
    if (ageMs === null || ageMs <= maxAgeMs) break;
    give(segment, "age");
  }
  const kept = segments.filter((segment) => !ledger.isDone(segment));
  giveOldest(kept, maxBytes - more, (segment) => give(segment, "size"));
  const inMemory = kept.filter((segment) => !segment.onDisk && !ledger.isDone(segment));
  giveOldest(inMemory, MOST_RAM_BYTES - more, (segment) => give(segment, "memory"));
}

export const bytesOf = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { file }) => sum + file.bytes, 0);

function giveOldest(kept: readonly Segment[], room: number, give: (segment: Segment) => void) {
  let bytes = bytesOf(kept);
  // The newest stays: it is still written to.
  for (const segment of kept.slice(0, -1)) {
    if (bytes <= room) return;
    give(segment);
    bytes -= segment.file.bytes;
  }
}

/** Milliseconds; null where the two have no clock in common. */
export function between(earlier: Moment, later: Moment): number | null {
  if (earlier.bootId === later.bootId) return later.monotonicMs - earlier.monotonicMs;
  return earlier.ts === null || later.ts === null ? null : later.ts - earlier.ts;
}
