import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import type { Credentials, Identity } from "../../agent/credentials.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { recordingLog } from "../support/recording-log.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";
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
  const members = { version: 2, something: "else" };
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
  const mount = join(temporaryFolder(), "full");
  mkdirSync(mount);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=32k,mode=700", "tmpfs", mount]);
  if (mounted.status !== 0) test.skip("mounting a small tmpfs needs root");
  onTestFinished(() => void spawnSync("umount", [mount]));
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
