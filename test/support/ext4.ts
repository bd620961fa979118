import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

const SECTOR_BYTES = 512;

/** A real ext4 in a file; a card's root has blocks of 4 KiB, and so has this by default. Needs e2fsprogs. */
export function makeExt4(image: string, megabytes: number, blockBytes = 4_096): void {
  writeFileSync(image, "");
  truncateSync(image, megabytes * 1024 * 1024);
  // Tables that are made later would count as written by whoever is measured.
  const whole = "lazy_itable_init=0,lazy_journal_init=0";
  ran("mkfs.ext4", "e2fsprogs", ["-q", "-F", "-b", `${blockBytes}`, "-m", "0", "-E", whole, image]);
}

/** On a loop device of its own. Needs root, and mount. */
export function mountExt4(image: string, folder: string, options = "defaults"): void {
  mkdirSync(folder, { recursive: true });
  ran("mount", "mount", ["-t", "ext4", "-o", `loop,${options}`, image, folder]);
}

/** "loop0" */
export const deviceOf = (folder: string): string =>
  basename(ran("findmnt", "util-linux", ["-no", "SOURCE", folder]).trim());

/** By anybody, since it was mounted: the seventh field is sectors written (Documentation/block/stat.rst). */
export const bytesWrittenTo = (device: string): number =>
  Number(readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/)[6]) * SECTOR_BYTES;

/** Standard output. @throws when it is missing, or fails */
export function ran(command: string, debianPackage: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error) throw new Error(`${command} is missing: apt-get install ${debianPackage}`);
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed; it needs root:\n${stdout}${stderr}`);
  return stdout;
}
