import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openOwnJournal } from "../../../agent/cli/own-journal.ts";
import type { HardwareChangePolicy } from "../../../agent/device/identity.ts";
import { openJournal } from "../../../agent/journal/journal.ts";
import { systemDisk } from "../../../agent/platform/disk.ts";
import { segmentFolder } from "../../../agent/platform/segment-folder.ts";
import { createStanding } from "../../../agent/standing.ts";
import { CLOCK_NOTE, clockNotesOf } from "../../../agent/telemetry/clock-notes.ts";
import { takenAt, wideBounds } from "../../support/a-journal.ts";
import { aBoard } from "../../support/device-rig.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { smallDisk } from "../../support/small-disk.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** A card that is moved between boards; one source of chance for all, so that no two segments have the same seed. */
function card(stateDir = temporaryFolder()) {
  const [log, standing] = [recordingLog(), createStanding()];
  const [clock, random] = [virtualClock(), seededRandom(1)];
  const open = (serial: string, policy: HardwareChangePolicy = "reprovision") =>
    openOwnJournal(stateDir, { board: { ...aBoard, serial }, policy, log, standing }, (folder) =>
      openJournal({
        disk: folder === null ? null : segmentFolder(folder, systemDisk),
        ...{ bounds: wideBounds, windowMs: 0, bootId: "this-boot", clock, random, log },
      }),
    );
  /** One run: what waits when it starts, then as many samples more, or with null all that waits is delivered. */
  const run = async (serial: string, more: number | null, policy?: HardwareChangePolicy) => {
    await using journal = await open(serial, policy);
    const waiting = await journal.read({ fromId: 0, limit: 100 });
    for (let n = 0; n < (more ?? 0); n++)
      await journal.append({ taken: takenAt(n), readings: { from: serial } });
    if (more === null) await journal.settle(waiting.map(({ id }) => id));
    return waiting.map(({ readings }) => readings["from"]).join("");
  };
  /** What it knows of clocks after what it knew before. */
  const clockOf = async (serial: string, lastTs: number) => {
    await using journal = await open(serial);
    const before = clockNotesOf(journal.noted(CLOCK_NOTE)).lastTs;
    journal.note(CLOCK_NOTE, { lastTs });
    return before;
  };
  const asides = () => readdirSync(stateDir).filter((name) => name.startsWith("journal."));
  return { stateDir, log, standing, run, clockOf, asides };
}

/** Board 1 has a journal aside with three samples, and made one its own in which one of board 2 waits. */
async function twoJournals(stateDir?: string) {
  const rig = card(stateDir);
  await rig.run("1", 3);
  await rig.run("2", 1);
  return rig;
}

it('what waits from before "continue" goes on in the same start, then what waited beside it', async () => {
  const { run, asides, stateDir } = await twoJournals();
  expect(await run("1", null, "continue")).toBe("111");
  expect(asides()).toEqual(["journal.serial-1+2"]);
  expect(await run("1", null)).toBe("2");
  expect(await run("1", 0)).toBe("");
  expect(await run("2", 1)).toBe("");
  expect(await run("1", 0)).toBe("");
  expect(readdirSync(stateDir)).toContain("journal.serial-2");
});

it("where more waits in the journal in use it stays so, and the log names what waits beside it", async () => {
  const { run, log, stateDir } = await twoJournals();
  await run("2", 4);
  expect(await run("1", 0, "continue")).toBe("22222");
  expect(log.lines.at(-1)).toMatchObject({
    level: "notice",
    fields: { aside: join(stateDir, "journal.serial-1"), waiting: 3, hint: expect.any(String) },
  });
});

it("cut between the two moves, the next start loses nothing", async () => {
  const { run, stateDir } = await twoJournals();
  await run("2", 4);
  await run("1", 0, "continue");
  renameSync(join(stateDir, "journal"), join(stateDir, "journal.serial-1+2"));
  expect(await run("1", null)).toBe("22222");
  expect(await run("1", null)).toBe("111");
});

it("an empty folder set aside changes nothing", async () => {
  const { run, stateDir, asides, log } = card();
  await run("1", 0);
  mkdirSync(join(stateDir, "journal.serial-1"));
  await run("1", 0);
  expect(asides()).toEqual(["journal.serial-1"]);
  expect(log.lines).toEqual([]);
});

it("on a read-only card the journal in use stays, another board's is closed, and the status says so", async (test) => {
  const disk = smallDisk(test, "size=4m");
  const { run, log, standing } = await twoJournals(disk.folder);
  await run("2", 4);
  await run("1", 0, "continue");
  await run("1", null);
  expect(disk.makeReadOnly()).toBe(true);
  expect(await run("1", 0)).toBe(""); // what waits beside it cannot be moved
  expect(log.lines.at(-1)).toMatchObject({
    level: "error",
    fields: { error: "EROFS", hint: expect.stringContaining("journal.serial-1") },
  });
  expect(standing.list()).toEqual([]);
  expect(await run("2", 0)).toBe("");
  expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { error: "EROFS" } });
  expect(standing.list()).toMatchObject([{ name: "storage", code: "P046" }]);
});

it("no time is given twice: what the one journal knows of clocks the other learns", async () => {
  const { run, clockOf } = card();
  expect(await clockOf("1", 1_000)).toBe(0);
  await run("1", 3);
  expect(await clockOf("2", 5_000)).toBe(0);
  await run("1", 0, "continue");
  expect(await clockOf("1", 0)).toBe(5_000);
});
