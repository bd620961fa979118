import type { JournalBounds } from "../../agent/journal/bounds.ts";
import { type DurableJournal, openJournal } from "../../agent/journal/journal.ts";
import type { Disk } from "../../agent/platform/disk.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { Clock, Logger } from "../../agent/ports.ts";
import { wideBounds } from "./a-journal.ts";
import { recordingLog } from "./recording-log.ts";
import { seededRandom } from "./seeded-random.ts";
import { virtualClock } from "./virtual-clock.ts";

export interface DiskJournalOptions {
  readonly bounds?: Partial<JournalBounds>;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Segments that hold different things have different seeds. */
  readonly seed?: number;
}

/** The journal in the folder /journal of this disk. */
export const journalOn = (
  disk: Disk,
  { bounds, clock = virtualClock(), log = recordingLog(), seed = 1 }: DiskJournalOptions = {},
): Promise<DurableJournal> =>
  openJournal({
    disk: segmentFolder("/journal", disk),
    bounds: { ...wideBounds, ...bounds },
    windowMs: 0,
    bootId: "this-boot",
    clock,
    random: seededRandom(seed),
    log,
  });
