import { basename, dirname, join } from "node:path";
import { discard } from "./discard.ts";
import { errnoOf } from "./errno.ts";
import { type Files, systemFiles } from "./files.ts";

/**
 * Replaces `file` as a whole, mode 0600. After it returns the new content survives a power cut; when it throws
 * (ENOSPC, EROFS, EIO…) the old content is still there.
 */
export function durableWrite(
  file: string,
  data: string | Uint8Array,
  files: Files = systemFiles,
): void {
  const temporary = temporaryOf(file);
  try {
    writeSynced(files, temporary, typeof data === "string" ? Buffer.from(data) : data);
    files.rename(temporary, file);
  } catch (error) {
    discard(temporary, files);
    throw error;
  }
  // A rename is on the disk only when the folder that holds the name is.
  files.syncFolder(dirname(file));
}

/** One fixed name: a power cut in the middle leaves at most one of them, and the next write takes its place. */
export const temporaryOf = (file: string): string => join(dirname(file), `.${basename(file)}.tmp`);

/** Into a file of our own making: one that was there keeps its mode, and may be a FIFO or a link. */
function writeSynced(files: Files, path: string, bytes: Uint8Array): void {
  removeIfAny(files, path);
  const file = files.create(path);
  try {
    // A short write is legal: on a nearly full disk it is how ENOSPC begins.
    for (let done = 0; done < bytes.length; ) done += files.write(file, bytes.subarray(done));
    files.sync(file);
  } finally {
    files.close(file);
  }
}

function removeIfAny(files: Files, path: string): void {
  try {
    files.remove(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
