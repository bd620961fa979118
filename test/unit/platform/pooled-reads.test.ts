import { readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readPooled } from "../../../agent/platform/pooled-reads.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const LIMIT_BYTES = 4_096;

const attribute = (content: string) => {
  const path = join(temporaryFolder(), "temp1_input");
  writeFileSync(path, content);
  return { path, read: () => readPooled(path, LIMIT_BYTES, true) };
};

/** How many descriptors of this process are of that file, deleted or not. */
const descriptorsOf = (path: string) =>
  readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith(path);
    } catch {
      return false; // the one that lists them
    }
  }).length;

it("keeps an attribute open, and reads what is in it now", async () => {
  const { path, read } = attribute("21500\n");
  expect(await read()).toBe("21500\n");
  writeFileSync(path, "9\n");
  expect([await read(), await read()]).toEqual(["9\n", "9\n"]);
  expect(descriptorsOf(path)).toBe(1);
});

it("closes any other file", async () => {
  const { path } = attribute("text");
  expect(await readPooled(path, LIMIT_BYTES, false)).toBe("text");
  expect(descriptorsOf(path)).toBe(0);
});

it.each([255, 256, 257, 1_000, LIMIT_BYTES, LIMIT_BYTES + 1])("reads %i bytes", async (length) => {
  const { read } = attribute("x".repeat(length));
  const most = Math.min(length, LIMIT_BYTES);
  expect([(await read()).length, (await read()).length]).toEqual([most, most]);
});

it("finds the successor of one that is gone", async () => {
  const { path, read } = attribute("1");
  await read();
  writeFileSync(`${path}.new`, "2");
  renameSync(`${path}.new`, path);
  expect(await read()).toBe("2");
  expect(descriptorsOf(path)).toBe(1);
});

it("says why there is none, and lets go of it once, whoever read at that time", async () => {
  const { path, read } = attribute("1");
  await read();
  rmSync(path);
  const ends = await Promise.allSettled([read(), read(), read()]);
  expect(ends).toEqual(ends.map(() => ({ status: "rejected", reason: expect.anything() })));
  await expect(read()).rejects.toMatchObject({ code: "ENOENT" });
  expect(descriptorsOf(path)).toBe(0);
});
