import { expect, it } from "vitest";
import { openJournal } from "../../../agent/journal/journal.ts";
import type { Disk } from "../../../agent/platform/disk.ts";
import { segmentFolder } from "../../../agent/platform/segment-folder.ts";
import { takenAt, wideBounds } from "../../support/a-journal.ts";
import { crashDisk } from "../../support/crash-disk.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const random = seededRandom(7);

const open = (disk: Disk) =>
  openJournal({
    disk: segmentFolder("/journal", disk),
    bounds: { ...wideBounds, maxBytes: 128 * 1024 },
    windowMs: 0,
    bootId: "this-boot",
    clock: virtualClock(),
    random,
    log: recordingLog(),
  });

it("a segment that is written to again after a restart keeps what the new run appends, however much that is", async () => {
  const { disk } = crashDisk();
  let appended = 0;
  const accepted: number[] = [];
  // More than stays in memory, within one segment and beyond it.
  for (const samples of [5, 100, 200, 5, 100]) {
    const journal = await open(disk);
    for (let left = samples; left > 0; left--) {
      await journal.append({ taken: takenAt(1_000 + appended), readings: { n: ++appended } });
      accepted.push(appended);
    }
    const entries = await journal.read({ fromId: 0, limit: 1_000 });
    expect(entries.map(({ readings }) => readings["n"])).toEqual(accepted);
    expect(journal.stats()).toMatchObject({ waiting: accepted.length, dropped: 0 });
    // The older half is delivered: a segment may go only when nothing in it waits.
    const delivered = entries.slice(0, Math.floor(entries.length / 2));
    await journal.settle(delivered.map(({ id }) => id));
    accepted.splice(0, delivered.length);
    await journal[Symbol.asyncDispose]();
  }
});
