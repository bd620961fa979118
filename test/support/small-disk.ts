import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, type TestContext } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** A file system of this test's own, to fill or to make read-only; null where it may not mount. */
function mounted(options: string) {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  const mount = (...args: string[]) => spawnSync("mount", [...args, folder]).status === 0;
  if (!mount("-t", "tmpfs", "-o", `${options},mode=700`, "tmpfs")) return null;
  onTestFinished(() => void spawnSync("umount", [folder]));
  return { folder, makeReadOnly: () => mount("-o", "remount,ro") };
}

/** The test is skipped where it may not mount. */
export function smallDisk({ skip }: Pick<TestContext, "skip">, options = "size=32k") {
  return mounted(options) ?? skip("mounting needs root");
}

/** @throws where it may not mount */
export function ownDisk(options: string) {
  const disk = mounted(options);
  if (disk === null) throw new Error("no tmpfs could be mounted: this proof needs root");
  return disk;
}

const NOBODY = 65_534;

function skipUnlessRoot({ skip }: TestContext): void {
  if (process.getuid?.() !== 0) skip("changing the user needs root");
}

/** Makes `path` the property of the user that `asNobody` runs as; the test is skipped where it may not. */
export function giveToNobody(test: TestContext, path: string): void {
  skipUnlessRoot(test);
  chownSync(path, NOBODY, NOBODY);
}

/** Runs `work` as a user without rights; the test is skipped where it may not change the user. */
export function asNobody<T>(test: TestContext, work: () => T): T {
  skipUnlessRoot(test);
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}
