import { join } from "node:path";
import { type DurableJournal, openJournal } from "../../agent/journal/journal.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { systemDisk } from "../../agent/platform/disk.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { JournalStats, Readings } from "../../agent/ports.ts";
import { wideBounds } from "./a-journal.ts";
import { type LogLine, recordingLog } from "./recording-log.ts";

export interface Waiting {
  readonly entries: readonly { readonly ts: number | null; readonly readings: Readings }[];
  readonly stats: JournalStats;
  /** What the journal had to say of its state. */
  readonly said: readonly LogLine[];
}

/** What waits in a state folder whose agent is dead. Changes nothing in it. */
export async function waitingIn(stateDir: string): Promise<Waiting> {
  const log = recordingLog();
  const journal: DurableJournal = await openJournal({
    disk: segmentFolder(join(stateDir, "journal"), systemDisk),
    bounds: { ...wideBounds, maxBytes: 1e9 },
    windowMs: 0,
    bootId: "nobody's",
    clock: systemClock,
    random: systemRandom,
    log,
  });
  const found = await journal.read({ fromId: 0, limit: 1e9 });
  const entries = found.map(({ taken, readings }) => ({ ts: taken.ts, readings }));
  const stats = journal.stats();
  await journal[Symbol.asyncDispose]();
  return { entries, stats, said: log.lines };
}
