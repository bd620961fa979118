import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { journalFolder } from "../../../agent/cli/journal-folder.ts";
import type { HardwareChangePolicy } from "../../../agent/device/identity.ts";
import { checksum } from "../../../agent/platform/checksum.ts";
import { createStanding } from "../../../agent/standing.ts";
import { aBoard } from "../../support/device-rig.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { smallDisk } from "../../support/small-disk.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function card(stateDir = temporaryFolder()) {
  const log = recordingLog();
  const standing = createStanding();
  const on = (serial: string | null, policy: HardwareChangePolicy = "reprovision") =>
    journalFolder(stateDir, { board: { ...aBoard, serial }, policy, log, standing });
  const journal = join(stateDir, "journal");
  const leave = (name: string) => writeFileSync(join(journal, name), "");
  const holds = () => (existsSync(journal) ? readdirSync(journal).sort() : []);
  return { stateDir, log, standing, on, journal, leave, holds };
}

/** With its checksum; then some digit of it may change. */
const marked = (members: object, digit = "1") =>
  `${JSON.stringify({ crc32: checksum(members), ...members }).replace('"1"', `"${digit}"`)}\n`;

it("a board that stays itself has one journal", () => {
  const { on, journal, leave, holds, log } = card();
  expect(on("1")).toBe(journal);
  leave("a.seg");
  expect(on("1")).toBe(journal);
  expect(on(null)).toBe(journal); // cannot be read just now: unchanged
  expect(holds()).toEqual(["a.seg", "board.json"]);
  expect(log.lines).toEqual([]);
});

it.each<HardwareChangePolicy>(["reprovision", "stop"])(
  'on another board its journal waits until the card is back ("%s")',
  (policy) => {
    const { stateDir, on, leave, holds, log } = card();
    on("1", policy);
    leave("of-1.seg");
    on("2/2", policy);
    expect(holds()).toEqual(["board.json"]);
    leave("of-2.seg");
    expect(readdirSync(stateDir).sort()).toEqual(["journal", "journal.serial-1"]);
    on("1", policy);
    expect(holds()).toEqual(["board.json", "of-1.seg"]);
    on("2/2", policy);
    expect(holds()).toEqual(["board.json", "of-2.seg"]);
    expect(log.lines).toHaveLength(3);
    expect(log.lines[0]).toMatchObject({ level: "warn", fields: { aside: expect.any(String) } });
  },
);

it('with "continue" the journal is the new board\'s from then on', () => {
  const { on, leave, holds } = card();
  on("1");
  leave("of-1.seg");
  on("2", "continue");
  on("2");
  expect(holds()).toEqual(["board.json", "of-1.seg"]);
});

it("cut between its two renames it finds its journal at the next start", () => {
  const { stateDir, on, leave, holds } = card();
  on("1");
  leave("of-1.seg");
  on("2");
  execFileSync("mv", [join(stateDir, "journal"), join(stateDir, "journal.serial-2")]);
  on("1");
  expect(holds()).toEqual(["board.json", "of-1.seg"]);
});

it("a second journal of a board is set aside beside the first, and each is taken up", () => {
  const { stateDir, on, journal, leave, holds, log } = card();
  on("1");
  leave("first.seg");
  on("2");
  on("1", "continue");
  leave("second.seg");
  expect(on("2")).toBe(journal);
  const asides = ["journal.serial-1", "journal.serial-1+2"];
  expect(readdirSync(stateDir).sort()).toEqual(["journal", ...asides]);
  const told = log.lines.map(({ fields }) => fields["aside"]);
  expect(told).toEqual(asides.map((aside) => join(stateDir, aside)));
  on("1");
  expect(holds()).toEqual(["board.json", "first.seg"]);
  execFileSync("rm", ["-r", journal]);
  on("1");
  expect(holds()).toEqual(["board.json", "second.seg"]);
});

it("a board takes up what was set aside under the address that it showed then, no other's", () => {
  const { stateDir, log, standing, journal } = card();
  const others = ["journal.mac-ff%3Aff", "journal.serial-1-2", "journal.serial-11"];
  for (const name of ["journal.mac-aa%3Aaa", ...others]) mkdirSync(join(stateDir, name));
  const board = { ...aBoard, serial: "1", macs: ["bb:bb", "aa:aa"] };
  expect(journalFolder(stateDir, { board, policy: "stop", log, standing })).toBe(journal);
  expect(readdirSync(stateDir).sort()).toEqual(["journal", ...others]);
});

it("a journal that nobody has marked is this board's", () => {
  const { on, journal, leave, holds } = card();
  mkdirSync(journal);
  leave("old.seg");
  expect(on("1")).toBe(journal);
  expect(holds()).toEqual(["board.json", "old.seg"]);
});

it.each<[string, (mark: string) => unknown]>([
  ["empty", (mark) => writeFileSync(mark, "")],
  ["no object", (mark) => writeFileSync(mark, "[1]")],
  ["damaged", (mark) => writeFileSync(mark, marked({ source: "serial", value: "1" }, "2"))],
  ["of zeros", (mark) => writeFileSync(mark, "\0".repeat(9_000))],
  ["a FIFO", (mark) => execFileSync("mkfifo", [mark])],
])("a mark that is %s says nothing, and is written anew", (_, make) => {
  const { on, journal } = card();
  mkdirSync(journal);
  make(join(journal, "board.json"));
  expect(on("1")).toBe(journal);
  expect(readFileSync(join(journal, "board.json"), "utf8")).toBe(
    marked({ version: 1, source: "serial", value: "1" }),
  );
});

it("a newer mark is left alone", () => {
  const { on, journal } = card();
  mkdirSync(journal);
  const newer = marked({ version: 2, boards: ["1", "2"] });
  writeFileSync(join(journal, "board.json"), newer);
  expect(on("1")).toBe(journal);
  expect(readFileSync(join(journal, "board.json"), "utf8")).toBe(newer);
});

it("on a read-only card another board's journal stays closed, its own is used", (test) => {
  const disk = smallDisk(test);
  const { on, journal, log } = card(disk.folder);
  on("1");
  expect(disk.makeReadOnly()).toBe(true);
  expect(on("1")).toBe(journal);
  expect(on("2")).toBeNull();
  expect(log.lines.at(-1)).toMatchObject({
    level: "error",
    fields: { error: "EROFS", hint: expect.stringContaining("systemctl restart") },
  });
});
