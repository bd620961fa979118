import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { discard } from "./discard.ts";
import { errnoOf } from "./errno.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_DIRECTORY } = constants;

/**
 * Replaces `file` as a whole, mode 0600. After it returns the new content survives a power cut; when it throws
 * (ENOSPC, EROFS, EIO…) the old content is still there.
 */
export function durableWrite(file: string, data: string | Uint8Array): void {
  const temporary = temporaryOf(file);
  try {
    writeSynced(temporary, typeof data === "string" ? Buffer.from(data) : data);
    renameSync(temporary, file);
  } catch (error) {
    discard(temporary);
    throw error;
  }
  syncDirectory(dirname(file));
}

/** One fixed name: a power cut in the middle leaves at most one of them, and the next write takes its place. */
export const temporaryOf = (file: string): string => join(dirname(file), `.${basename(file)}.tmp`);

/** A rename is on the disk only when the folder that holds the name is. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Into a file of our own making: one that was there keeps its mode, and may be a FIFO or a link. */
function writeSynced(file: string, bytes: Uint8Array): void {
  unlinkIfAny(file);
  const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    // A short write is legal: on a nearly full disk it is how ENOSPC begins.
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unlinkIfAny(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
