import { join } from "node:path";
import { bytesWrittenTo, deviceOf, makeExt4, mountExt4, ran } from "../support/ext4.ts";

/** More than the journal leaves free. */
const MEGABYTES = 400;

export interface OwnDisk extends Disposable {
  /** Where it is mounted. */
  readonly folder: string;
  /** To the device, the file system's own journal included, and what was still to be written. */
  bytesWritten(): number;
}

/** An ext4 that nobody else writes to. Wants root. */
export function ownDisk(at: string): OwnDisk {
  const [image, folder] = [join(at, "disk.ext4"), join(at, "disk")];
  makeExt4(image, MEGABYTES);
  mountExt4(image, folder);
  const device = deviceOf(folder);
  return {
    folder,
    bytesWritten() {
      ran("sync", "coreutils", ["--file-system", folder]);
      return bytesWrittenTo(device);
    },
    [Symbol.dispose]: () => void ran("umount", "mount", [folder]),
  };
}
