import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { lockState } from "../../agent/platform/state-lock.ts";
import { asNobody, smallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const module = join(import.meta.dirname, "../../agent/platform/state-lock.ts");

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(folder: string) {
  const code = `import { lockState } from ${JSON.stringify(module)};
    try { globalThis.held = lockState(${JSON.stringify(folder)}); console.log("held"); setInterval(() => {}, 1e6); }
    catch (error) { console.log(error.message); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return { child, said: String(line).trim() };
}

it("a second agent on one state folder is refused, with the pid of the first", async () => {
  const folder = temporaryFolder();
  const first = await holder(folder);
  expect(first.said).toBe("held");
  expect(() => lockState(folder)).toThrow(`another pipit (pid ${first.child.pid})`);
  const second = await holder(folder);
  expect(second.said).toContain(`pid ${first.child.pid}`);
});

it("a killed owner leaves nothing that stands in the way", async () => {
  const folder = temporaryFolder();
  const { child } = await holder(folder);
  child.kill("SIGKILL");
  await once(child, "exit");
  using _lock = lockState(folder);
  expect(readdirSync(folder)).toEqual(["lock"]);
});

it("gives the lock back, and leaves the folder as it was", () => {
  const folder = temporaryFolder();
  lockState(folder)[Symbol.dispose]();
  expect(readdirSync(folder)).toEqual([]);
  lockState(folder)[Symbol.dispose]();
});

it("takes a lock file that is garbage for no owner", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "lock"), "\0\0\0");
  lockState(folder)[Symbol.dispose]();
});

it("of ten processes that find a dead owner's lock at once, one gets it", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "lock"), "999999 1 x\n");
  const contenders = await Promise.all(Array.from({ length: 10 }, () => holder(folder)));
  expect(contenders.filter(({ said }) => said === "held")).toHaveLength(1);
});

it.each<[string, (lock: string) => unknown]>([
  ["a link that leads nowhere", (lock) => symlinkSync("nowhere", lock)],
  ["a link to itself", (lock) => symlinkSync("lock", lock)],
  ["a FIFO", (lock) => execFileSync("mkfifo", [lock])],
  ["an empty folder", (lock) => mkdirSync(lock)],
  ["a megabyte of zeros", (lock) => writeFileSync(lock, Buffer.alloc(1_000_000))],
])("%s in the lock's place is no owner, and does not hold up the start", (_, make) => {
  const folder = temporaryFolder();
  make(join(folder, "lock"));
  lockState(folder)[Symbol.dispose]();
  expect(readdirSync(folder)).toEqual([]);
});

it("does not take a link to a living owner's file for a lock, nor touch that file", () => {
  const folder = temporaryFolder();
  const elsewhere = join(temporaryFolder(), "elsewhere");
  writeFileSync(elsewhere, `${process.pid} 1 x\n`);
  symlinkSync(elsewhere, join(folder, "lock"));
  lockState(folder, () => true)[Symbol.dispose]();
  expect(existsSync(elsewhere)).toBe(true);
});

it("moves a folder with content out of the lock's place, and leaves it alone", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "lock", "content"), { recursive: true });
  lockState(folder)[Symbol.dispose]();
  expect(readdirSync(folder)).toEqual(["lock.corrupt-1"]);
  expect(readdirSync(join(folder, "lock.corrupt-1"))).toEqual(["content"]);
});

it("gives back its own lock only", () => {
  const lock = join(temporaryFolder(), "lock");
  const mine = lockState(join(lock, ".."));
  writeFileSync(lock, "4711 1 of somebody else\n");
  mine[Symbol.dispose]();
  expect(readFileSync(lock, "utf8")).toBe("4711 1 of somebody else\n");
});

it("sweeps what killed processes left, and nothing of one that runs", () => {
  const folder = temporaryFolder();
  const ended = spawnSync("true").pid;
  const running = `.lock.${process.ppid}`;
  for (const name of [`.lock.${ended}`, `.lock.${ended}.stale`, running, ".lock.x", "other"])
    writeFileSync(join(folder, name), "");
  using _lock = lockState(folder);
  expect(readdirSync(folder).sort()).toEqual([running, ".lock.x", "lock", "other"].sort());
});

it("a state folder that is a file, or below one, is a storage error with a hint", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  for (const state of [file, join(file, "below")]) {
    expect(() => lockState(state)).toThrow(
      expect.objectContaining({
        kind: "storage",
        cause: expect.objectContaining({ code: expect.stringMatching(/EEXIST|ENOTDIR/) }),
        hint: expect.stringContaining("move it away"),
      }),
    );
  }
});

it("a state folder out of reach is a storage error for want of rights", (test) => {
  const folder = temporaryFolder(); // mode 0700, root's
  asNobody(test, () =>
    expect(() => lockState(join(folder, "state"))).toThrow(
      expect.objectContaining({
        kind: "storage",
        cause: expect.objectContaining({ code: "EACCES" }),
        hint: expect.stringContaining("chown"),
      }),
    ),
  );
});

it("a full disk is a storage error that tells to free space", (test) => {
  const { folder } = smallDisk(test, "size=32k,nr_inodes=1");
  expect(() => lockState(folder)).toThrow(
    expect.objectContaining({
      kind: "storage",
      cause: expect.objectContaining({ code: "ENOSPC" }),
      hint: expect.stringContaining("free some space"),
    }),
  );
});

it("a disk that became read-only refuses a start, and does not disturb an end", (test) => {
  const { folder, makeReadOnly } = smallDisk(test);
  const held = lockState(folder);
  expect(makeReadOnly()).toBe(true);
  held[Symbol.dispose]();
  expect(readdirSync(folder)).toEqual(["lock"]);
  expect(() => lockState(folder)).toThrow(
    expect.objectContaining({ kind: "storage", hint: expect.stringContaining("read-only") }),
  );
});
