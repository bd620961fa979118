import type { Config } from "../config/config.ts";
import type { JournalBounds } from "../journal/bounds.ts";
import { type DurableJournal, openJournal } from "../journal/journal.ts";
import { systemBootClock } from "../platform/boot-clock.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { systemRandom } from "../platform/random.ts";
import { segmentFolder } from "../platform/segment-folder.ts";
import type { Logger } from "../ports.ts";

/** The journal in this folder, or in memory where the settings say so or there is none. */
export function openJournalIn(
  folder: string | null,
  config: Config,
  log: Logger,
): Promise<DurableJournal> {
  const { durability, window } = config.outbox;
  return openJournal({
    disk:
      durability === "memory" || folder === null ? null : segmentFolder(folder, systemDisk, log),
    bounds: boundsOf(config),
    windowMs: durability === "window" ? window : 0,
    bootId: systemBootClock.bootId,
    clock: systemClock,
    random: systemRandom,
    log,
  });
}

export const boundsOf = ({ outbox }: Config): JournalBounds => ({
  maxBytes: outbox.max_size,
  maxAgeMs: outbox.max_age,
  keepFreeBytes: outbox.keep_free,
  thins: outbox.on_full === "thin",
  maxBytesPerDay: outbox.max_writes_per_day ?? Number.POSITIVE_INFINITY,
});
