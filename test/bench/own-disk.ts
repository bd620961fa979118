import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const SECTOR_BYTES = 512;
/** More than the journal leaves free. */
const SIZE = "400M";

export interface OwnDisk extends Disposable {
  /** Where it is mounted. */
  readonly folder: string;
  /** To the device, the file system's own journal included, and what was still to be written. */
  bytesWritten(): number;
}

/** An ext4 on a loop device that nobody else writes to. Wants root. */
export function ownDisk(at: string): OwnDisk {
  const [image, folder] = [join(at, "disk.ext4"), join(at, "disk")];
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  mkdirSync(folder);
  run("truncate", "--size", SIZE, image);
  // A card has blocks of 4 KiB; below 512 MB mke2fs would take 1 KiB.
  run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-m", "0", image);
  run("mount", "-o", "loop", image, folder);
  const device = basename(run("findmnt", "--noheadings", "--output", "SOURCE", folder));
  return {
    folder,
    bytesWritten() {
      run("sync", "--file-system", folder);
      // Documentation/block/stat.rst: the seventh field is sectors written.
      const fields = readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/);
      return Number(fields[6]) * SECTOR_BYTES;
    },
    [Symbol.dispose]: () => void run("umount", folder),
  };
}
