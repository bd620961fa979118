import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemFiles } from "../../../agent/platform/files.ts";
import { tightenState } from "../../../agent/platform/state-modes.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const me = process.geteuid?.();
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** As a backup restores it: everything is there for everybody. */
function openState() {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "journal"));
  mkdirSync(join(folder, "journal.serial-1"));
  for (const name of [
    "credentials.json.bak",
    "provision-secret",
    "last-run.json",
    "journal/1.seg",
    "journal/2.seg",
    "notes.txt",
  ]) {
    writeFileSync(join(folder, name), "x");
    chmodSync(join(folder, name), 0o644);
  }
  for (const name of ["journal", "journal.serial-1"]) chmodSync(join(folder, name), 0o755);
  return folder;
}

it("closes what is the agent's, and says what others may have read", () => {
  const folder = openState();
  const log = recordingLog();
  expect(tightenState(folder, null, { log })).toBeNull();
  const modes = (names: readonly string[]) => names.map((name) => modeOf(join(folder, name)));
  expect(modes(["credentials.json.bak", "provision-secret", "last-run.json"])).toEqual(
    Array(3).fill("600"),
  );
  expect(modes(["journal", "journal.serial-1"])).toEqual(["700", "700"]);
  expect(modes(["journal/1.seg", "journal/2.seg"])).toEqual(["600", "600"]);
  expect(log.lines.every(({ level }) => level === "warn")).toBe(true);
  const told = new Map(log.lines.map(({ fields }) => [fields?.["file"], fields]));
  expect(told.get(join(folder, "credentials.json.bak"))).toMatchObject({
    mode: "644",
    hint: expect.stringContaining("access token may have been read: give the device a new one"),
  });
  expect(told.get(join(folder, "provision-secret"))?.["hint"]).toContain(
    "device profile a new one",
  );
  expect(told.get(join(folder, "journal"))).toMatchObject({
    files: 3,
    hint: expect.stringContaining("DTLS session"),
  });
  // With everything closed there is nothing to say.
  const later = recordingLog();
  tightenState(folder, null, { log: later });
  expect(later.lines).toEqual([]);
});

it("leaves alone what has no name of the agent, what a link leads to, and the folder itself where root would do it", () => {
  const folder = openState();
  const elsewhere = join(temporaryFolder(), "elsewhere");
  writeFileSync(elsewhere, "x");
  chmodSync(elsewhere, 0o644);
  symlinkSync(elsewhere, join(folder, "last-good.toml"));
  chmodSync(folder, 0o755);
  tightenState(folder, null, { log: recordingLog(), user: 0 });
  expect(modeOf(join(folder, "notes.txt"))).toBe("644");
  expect(modeOf(elsewhere)).toBe("644");
  expect(modeOf(folder)).toBe("755");
  if (me === 0) chownSync(folder, 65_534, 65_534);
  tightenState(folder, null, { log: recordingLog(), user: me === 0 ? 65_534 : me });
  expect(modeOf(folder)).toBe("700");
});

it("closes the secret_file that is the agent's own, and no other", () => {
  const file = join(temporaryFolder(), "secret");
  writeFileSync(file, "x");
  chmodSync(file, 0o640);
  tightenState(temporaryFolder(), file, { log: recordingLog(), user: 4_711 });
  expect(modeOf(file)).toBe("640");
  const log = recordingLog();
  tightenState(temporaryFolder(), file, { log });
  expect(modeOf(file)).toBe("600");
  expect(log.lines).toMatchObject([{ fields: { mode: "640", file } }]);
});

it("names the command for what it may not close, in the log and as a condition that stands", () => {
  const folder = openState();
  const log = recordingLog();
  const files = {
    ...systemFiles,
    setMode(path: string) {
      throw Object.assign(new Error(path), { code: "EPERM" });
    },
  };
  const open = tightenState(folder, null, { log, files });
  const first = join(folder, "credentials.json.bak");
  expect(open).toMatchObject({
    code: "P055",
    text: `${first}, and 6 more can be read by others`,
    fix: expect.stringMatching(`^sudo chmod go= ${first} `),
  });
  expect(log.lines).toMatchObject([{ level: "warn", fields: { hint: open?.fix } }]);
});

it("has nothing to say of a folder that is not there", () => {
  const log = recordingLog();
  expect(tightenState(join(temporaryFolder(), "none"), "/none", { log })).toBeNull();
  expect(log.lines).toEqual([]);
});
