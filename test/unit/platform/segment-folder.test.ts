import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemDisk } from "../../../agent/platform/disk.ts";
import { segmentFolder } from "../../../agent/platform/segment-folder.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function place() {
  const state = temporaryFolder();
  const folder = join(state, "journal");
  const log = recordingLog();
  return { state, folder, log, store: segmentFolder(folder, systemDisk, log) };
}

const HEAD = Uint8Array.of(1, 2, 3);
const header = { number: 1, seed: 0xabc, firstId: 5 };
const NAME = "00000001-00000abc-5.seg";

it.each<[string, (path: string) => void]>([
  ["a file", (path) => writeFileSync(path, "x")],
  ["a FIFO", (path) => void execFileSync("mkfifo", [path])],
  ["a link to itself", (path) => symlinkSync(path, path)],
  ["a link to nowhere", (path) => symlinkSync("nowhere", path)],
])("moves %s out of the folder's place, and says so", async (_, make) => {
  const { state, folder, log, store } = place();
  make(folder);
  expect(await store.list()).toEqual([]);
  await using file = await created(store);
  expect(await file.read(0, 3)).toEqual(HEAD);
  expect(readdirSync(state).sort()).toEqual(["journal", "journal.bad"]);
  expect(log.lines).toMatchObject([{ level: "error", fields: { to: `${folder}.bad` } }]);
});

it("folders in place of the files that it works with do not hold it up", async () => {
  const { folder, store } = place();
  for (const name of ["spare", "new"]) mkdirSync(join(folder, name, "in"), { recursive: true });
  expect(await store.list()).toEqual([]);
  {
    await using _file = await created(store);
  }
  await store.remove(header, 4_096);
  expect(readdirSync(folder).sort()).toEqual(["new.bad", "spare", "spare.bad"]);
});

it("a name that it would not write itself is no segment's", async () => {
  const { folder, store } = place();
  mkdirSync(folder);
  for (const name of [NAME, "00000001-00000abc-05.seg", "00000001-00000abc-0.seg", `${NAME}.bad`])
    writeFileSync(join(folder, name), "");
  expect(await store.list()).toEqual([header]);
});

it.each<[string, (path: string) => void]>([
  ["a folder", (path) => mkdirSync(path)],
  ["a FIFO", (path) => void execFileSync("mkfifo", [path])],
  ["a link", (path) => symlinkSync("nowhere", path)],
])("%s in place of a segment is an error, and can be set aside", async (_, make) => {
  const { folder, store } = place();
  mkdirSync(folder);
  make(join(folder, NAME));
  await expect(store.open(header)).rejects.toMatchObject({
    code: expect.stringMatching(/EISDIR|EINVAL|ELOOP/),
  });
  await store.setAside(header);
  expect(readdirSync(folder)).toEqual([`${NAME}.bad`]);
});

async function created(store: ReturnType<typeof segmentFolder>) {
  const file = await store.create(header, 4_096, HEAD);
  return { read: file.read, [Symbol.asyncDispose]: () => file.close() };
}

it("a segment whose name has gone, but not surely, is removed once more", async () => {
  const { folder } = place();
  let fails = 1;
  const syncFolder = async (path: string) => {
    if (fails-- > 0) throw Object.assign(new Error("EIO"), { code: "EIO" });
    await systemDisk.syncFolder(path);
  };
  mkdirSync(folder);
  writeFileSync(join(folder, NAME), HEAD);
  const store = segmentFolder(folder, { ...systemDisk, syncFolder }, recordingLog());
  await expect(store.remove(header, null)).rejects.toMatchObject({ code: "EIO" });
  await store.remove(header, null);
  expect(readdirSync(folder)).toEqual([]);
  await expect(store.remove(header, 4_096)).rejects.toMatchObject({ code: "ENOENT" });
});
