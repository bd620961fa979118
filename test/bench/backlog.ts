import { join } from "node:path";
import { openJournal } from "../../agent/journal/journal.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { systemDisk } from "../../agent/platform/disk.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import { silent } from "./dtls-to.ts";

/** Samples of the last hours, in a state folder, as the agent would have stored them, one every 10 s up to a minute ago. */
export async function storeBacklog(
  state: string,
  samples: number,
  readingsOf: (index: number) => Readonly<Record<string, number>>,
): Promise<void> {
  const journal = await openJournal({
    disk: segmentFolder(join(state, "journal"), systemDisk, silent),
    bounds: {
      maxBytes: 64 * 1024 * 1024,
      maxAgeMs: 30 * 86_400_000,
      keepFreeBytes: 0,
      thins: false,
      maxBytesPerDay: Number.POSITIVE_INFINITY,
    },
    windowMs: 60_000,
    bootId: "before",
    clock: systemClock,
    random: systemRandom,
    log: silent,
  });
  const firstTs = Date.now() - samples * 10_000 - 60_000;
  const waiting: Promise<unknown>[] = [];
  for (let index = 0; index < samples; index++) {
    const ts = firstTs + index * 10_000;
    waiting.push(
      journal.append({
        taken: { bootId: "before", monotonicMs: ts, ts },
        readings: readingsOf(index),
      }),
    );
    if (index % 2_000 === 1_999) await journal.sync();
  }
  await journal.sync();
  await Promise.all(waiting);
  await journal[Symbol.asyncDispose]();
}
