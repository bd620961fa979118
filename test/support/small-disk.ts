import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, type TestContext } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** A file system of this test's own, to fill or to make read-only; the test is skipped where it may not mount. */
export function smallDisk({ skip }: TestContext, options = "size=32k") {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  const mount = (...args: string[]) => spawnSync("mount", [...args, folder]).status === 0;
  if (!mount("-t", "tmpfs", "-o", `${options},mode=700`, "tmpfs")) skip("mounting needs root");
  onTestFinished(() => void spawnSync("umount", [folder]));
  return { folder, makeReadOnly: () => mount("-o", "remount,ro") };
}

/** Runs `work` as a user without rights; the test is skipped where it may not change the user. */
export function asNobody<T>({ skip }: TestContext, work: () => T): T {
  if (process.getuid?.() !== 0 || !process.seteuid) skip("changing the user needs root");
  process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}
