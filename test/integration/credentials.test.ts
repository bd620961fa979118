import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import type { Credentials, Identity } from "../../agent/credentials.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { encodeIdentity } from "../../agent/platform/credentials-file.ts";
import { recordingLog } from "../support/recording-log.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";
import { asNobody, giveToNobody, smallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const credentials = (accessToken: string): Credentials => ({
  server: "tb.example.com",
  fingerprint: { source: "serial", value: "10000000abcdef01" },
  deviceName: "rpi-abcdef01",
  accessToken,
});
const empty: Identity = { claim: null, active: null, kept: [] };
const claimed: Identity = { ...empty, claim: credentials("claim") };
const active: Identity = { ...empty, active: credentials("active") };

function open(folder = temporaryFolder()) {
  const log = recordingLog();
  const file = join(folder, "credentials.json");
  return { folder, file, previous: `${file}.bak`, log, store: credentialStore(folder, log) };
}

it("a new board has no identity", () => {
  expect(open().store.load()).toEqual(empty);
});

it("keeps what it is given across a restart, readable by its owner alone", () => {
  const { folder, file, store } = open();
  store.save(claimed);
  expect(open(folder).store.load()).toEqual(claimed);
  store.save(active);
  expect(open(folder).store.load()).toEqual(active);
  for (const name of readdirSync(folder)) {
    expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
  }
  expect(statSync(file).nlink).toBe(1);
});

it("keeps the previous generation, and never one without the token once there is a token", () => {
  const { previous, store } = open();
  store.save(claimed);
  store.save(active);
  expect(readFileSync(previous, "utf8")).toContain('"active"');
  expect(JSON.parse(readFileSync(previous, "utf8")).active.accessToken).toBe("active");
});

it.each<[string, (text: string) => string]>([
  ["emptied", () => ""],
  ["zeroed", (text) => "\0".repeat(text.length)],
  ["torn in the middle", (text) => text.slice(0, text.length / 2)],
  ["changed by one character", (text) => text.replace("abcdef01", "abcdef02")],
  ["of another shape", () => '{"version":1,"crc32":"00000000"}'],
  ["of a version that its checksum does not vouch for", (text) => text.replace("1,", "11,")],
  ["no JSON", () => "not json"],
])("a file that was %s is set aside, and the previous generation takes over", (_, damage) => {
  const { file, folder, log, store } = open();
  store.save(active);
  const damaged = damage(readFileSync(file, "utf8"));
  writeFileSync(file, damaged);
  expect(store.load()).toEqual(active);
  expect(readFileSync(`${file}.corrupt-1`, "utf8")).toBe(damaged);
  expect(log.lines.map(({ level }) => level)).toEqual(["error", "warn"]);
  expect(readdirSync(folder).filter((name) => name.includes("corrupt"))).toHaveLength(1);
});

it("takes over the previous generation where the file itself is missing", () => {
  const { file, store } = open();
  store.save(active);
  rmSync(file);
  expect(store.load()).toEqual(active);
});

it("survives 500 random damages to the file without a throw, a mixed identity or a lost token", () => {
  const seed = chosenSeed();
  const { fraction } = seededRandom(seed);
  const { folder, file, store } = open();
  for (let round = 0; round < 500; round++) {
    store.save(active);
    const bytes = readFileSync(file);
    const at = Math.floor(fraction() * bytes.length);
    const damaged =
      fraction() < 0.5
        ? bytes.subarray(0, at)
        : bytes.map((byte, index) =>
            index === at ? byte ^ (1 + Math.floor(fraction() * 255)) : byte,
          );
    writeFileSync(file, damaged);
    expect(store.load(), `seed ${seed}, round ${round}`).toEqual(active);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  }
});

it("both generations damaged: nothing is invented, nothing is deleted", () => {
  const { file, folder, previous, store } = open();
  store.save(active);
  writeFileSync(file, "x");
  writeFileSync(previous, "y");
  expect(store.load()).toEqual(empty);
  const aside = readdirSync(folder).filter((name) => name.includes("corrupt"));
  expect(aside.map((name) => readFileSync(join(folder, name), "utf8")).sort()).toEqual(["x", "y"]);
});

it("refuses a newer format without touching it", () => {
  const { file, store } = open();
  const members = { version: 3, something: "else" };
  const newer = JSON.stringify({
    crc32: crc32(JSON.stringify(members)).toString(16).padStart(8, "0"),
    ...members,
  });
  writeFileSync(file, newer);
  expect(() => store.load()).toThrow(expect.objectContaining({ kind: "config" }));
  expect(readFileSync(file, "utf8")).toBe(newer);
});

it("repairs a mode that others could read, and says so", () => {
  const { file, log, store } = open();
  store.save(active);
  chmodSync(file, 0o644);
  expect(store.load()).toEqual(active);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(log.lines).toMatchObject([{ level: "warn", fields: { mode: "644" } }]);
});

it("on a full disk the old identity stays, the error names the fix, and nothing is left lying about", (test) => {
  const { folder: mount } = smallDisk(test);
  const { store, folder } = open(mount);
  store.save(active);
  const filled = spawnSync("dd", ["if=/dev/zero", `of=${mount}/filler`, "bs=1k", "count=64"]);
  expect(filled.status).not.toBe(0);
  // Larger than what the previous generation gives back when it is replaced.
  const former = { ...credentials("x".repeat(16_000)), reason: "server" } as const;
  expect(() => store.save({ ...active, kept: [former] })).toThrow(
    expect.objectContaining({ kind: "storage", hint: expect.stringContaining("space") }),
  );
  expect(store.load()).toEqual(active);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

const other: Identity = { ...empty, active: credentials("other") };

const bad: readonly [string, (place: string) => unknown][] = [
  ["a FIFO", (place) => execFileSync("mkfifo", [place])],
  ["a folder with content", (place) => mkdirSync(join(place, "x"), { recursive: true })],
  ["a link to itself", (place) => symlinkSync(place, place)],
  ["a huge file", (place) => writeFileSync(place, encodeIdentity(other) + " ".repeat(65_536))],
];

it.each(bad)(
  "%s in the file's place is set aside, and the previous generation takes over",
  (...args) => {
    const [, make] = args;
    const { file, log, store } = open();
    store.save(active);
    rmSync(file);
    make(file);
    expect(store.load()).toEqual(active);
    expect(log.lines[0]).toMatchObject({ level: "error", fields: { file: `${file}.corrupt-1` } });
    store.save(claimed);
    expect(store.load()).toEqual(claimed);
  },
);

it.each(bad)(
  "%s in place of the previous generation stops neither a load nor a save",
  (...args) => {
    const [, make] = args;
    const first = open();
    make(first.previous);
    expect(first.store.load()).toEqual(empty);
    first.store.save(active);
    const later = open();
    later.store.save(claimed);
    rmSync(later.previous, { force: true });
    make(later.previous);
    expect(later.store.load()).toEqual(claimed);
    later.store.save(active);
    expect(later.store.load()).toEqual(active);
    expect(readFileSync(later.previous, "utf8")).toContain('"active"');
  },
);

it.each(bad)("%s in place of the next generation does not hold up a save", (...args) => {
  const [, make] = args;
  const { store, previous } = open();
  store.save(claimed);
  make(`${previous}.tmp`);
  store.save(active);
  expect(store.load()).toEqual(active);
});

it.each(bad.slice(0, 1))("%s in place of the temporary file does not hold up a save", (_, make) => {
  const { folder, store } = open();
  make(join(folder, ".credentials.json.tmp"));
  store.save(active);
  expect(store.load()).toEqual(active);
});

it("tells to move away a folder in the temporary file's place", () => {
  const { folder, store } = open();
  const temporary = join(folder, ".credentials.json.tmp");
  mkdirSync(temporary);
  expect(() => store.save(active)).toThrow(
    expect.objectContaining({ kind: "storage", hint: expect.stringContaining(`mv ${temporary} `) }),
  );
});

it("uses a file it may read though its mode is not its own to repair, and says so", (test) => {
  const { folder, file, log, store } = open();
  store.save(active);
  chmodSync(file, 0o644);
  giveToNobody(test, folder);
  expect(asNobody(test, () => store.load())).toEqual(active);
  expect(log.lines).toMatchObject([
    { level: "warn", fields: { error: "EPERM", hint: expect.stringContaining("chown") } },
  ]);
});

it("a folder without the right to write is a storage error for want of rights", (test) => {
  const { folder, store } = open();
  store.save(active);
  chmodSync(folder, 0o755);
  giveToNobody(test, join(folder, "credentials.json"));
  asNobody(test, () =>
    expect(() => store.save(claimed)).toThrow(
      expect.objectContaining({
        kind: "storage",
        cause: expect.objectContaining({ code: "EACCES" }),
        hint: expect.stringContaining("chown"),
      }),
    ),
  );
});

it("a damaged file on a read-only disk stays, and the previous generation takes over", (test) => {
  const { folder: mount, makeReadOnly } = smallDisk(test);
  const { file, log, store } = open(mount);
  store.save(active);
  writeFileSync(file, "x");
  expect(makeReadOnly()).toBe(true);
  expect(store.load()).toEqual(active);
  expect(readFileSync(file, "utf8")).toBe("x");
  expect(log.lines[0]).toMatchObject({ level: "error", fields: { error: "EROFS" } });
  expect(() => store.save(claimed)).toThrow(
    expect.objectContaining({ kind: "storage", hint: expect.stringContaining("read-only") }),
  );
});

it("a damaged file that cannot be set aside never takes the previous generation's place", (test) => {
  const { file, store } = open(smallDisk(test).folder);
  store.save(active);
  writeFileSync(file, "x");
  // A mount point can be neither renamed nor replaced.
  expect(spawnSync("mount", ["--bind", file, file]).status).toBe(0);
  onTestFinished(() => void spawnSync("umount", [file]));
  expect(store.load()).toEqual(active);
  expect(() => store.save(claimed)).toThrow(
    expect.objectContaining({ kind: "storage", hint: expect.stringContaining(`mv ${file} `) }),
  );
  expect(store.load()).toEqual(active);
});

it("what an older Pipit could not read is never written as what it can read", () => {
  const { file, store } = open();
  const version = () => JSON.parse(readFileSync(file, "utf8")).version;
  store.save(active);
  expect(version()).toBe(1);
  const [held] = [active.active ?? expect.fail("none")];
  store.save({ claim: null, active: null, kept: [{ ...held, reason: "login" }] });
  expect(version()).toBe(2);
});
