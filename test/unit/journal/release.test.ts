import { expect, it } from "vitest";
import { openJournal } from "../../../agent/journal/journal.ts";
import type { Disk } from "../../../agent/platform/disk.ts";
import { segmentFolder } from "../../../agent/platform/segment-folder.ts";
import { takenAt, wideBounds } from "../../support/a-journal.ts";
import { crashDisk } from "../../support/crash-disk.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const open = async (disk: Disk) => {
  const log = recordingLog();
  const journal = await openJournal({
    disk: segmentFolder("/journal", disk),
    bounds: { ...wideBounds, maxBytes: 128 * 1024 },
    windowMs: 0,
    bootId: "this-boot",
    clock: virtualClock(),
    random: seededRandom(1),
    log,
  });
  return { journal, log };
};

/** Large enough for 20 of them to fill more than a segment of 16 KiB. */
const sample = (n: number) => ({ taken: takenAt(n), readings: { n, note: `${n}`.repeat(500) } });

it("keeps a segment whose last samples are delivered while a write is under way, until that is written down", async () => {
  const { disk } = crashDisk();
  let meanwhile = async () => {};
  const { journal } = await open({
    ...disk,
    async write(...write) {
      await meanwhile();
      await disk.write(...write);
    },
  });
  const ids: number[] = [];
  for (let n = 1; n <= 30; n++) ids.push(await journal.append(sample(1_000 + n)));
  meanwhile = async () => {
    meanwhile = async () => {};
    await journal.settle(ids.slice(0, -1));
  };
  await journal.append(sample(2_000));
  // Killed here.
  const { journal: next, log } = await open(disk);
  expect(log.lines).toEqual([]);
  expect(next.stats().dropped).toBe(0);
  expect(await next.newest()).toMatchObject({ readings: { n: 2_000 } });
});
