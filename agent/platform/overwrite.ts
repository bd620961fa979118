import { closeSync, constants, fsyncSync, openSync, writeSync } from "node:fs";

const { O_WRONLY, O_NOFOLLOW } = constants;

/**
 * Writes over a part of a file where it lies; on the disk when this returns. What was there is not in a block that was given back,
 * as after a rename, and a file system that cannot rename atomically (FAT) need not.
 * @throws the system's error, `code` set
 */
export function overwrite(path: string, bytes: Uint8Array, at: number): void {
  const file = openSync(path, O_WRONLY | O_NOFOLLOW);
  try {
    overwriteIn(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

/** Of an open file. @throws the system's error, `code` set */
export function overwriteIn(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
  fsyncSync(file);
}
