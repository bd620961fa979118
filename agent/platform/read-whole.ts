import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "./errno.ts";

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;

export interface WholeFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

export interface ReadWholeOptions {
  /** At most one byte more is read, so that the reader sees that it is too much. */
  readonly limitBytes: number;
  /** Takes a symbolic link for what it is, no file. Default: it is followed. */
  readonly noFollow?: boolean;
}

/**
 * A regular file as a whole; null when there is none. Neither waits nor reads on and on, whatever stands in its place:
 * a folder, FIFO, socket or device is "not a file".
 * @throws the system's error (EACCES, EIO, ENOTDIR, ELOOP…), `code` set
 */
export function readWhole(
  path: string,
  { limitBytes, noFollow = false }: ReadWholeOptions,
): WholeFile | "not a file" | null {
  let file: number;
  try {
    // Without O_NONBLOCK open(2) waits for somebody to write to a FIFO, and SIGTERM would not be heard.
    file = openSync(path, O_RDONLY | O_NONBLOCK | (noFollow ? O_NOFOLLOW : 0));
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return null;
    if (code === "ENXIO" || (code === "ELOOP" && noFollow)) return "not a file";
    throw error;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) return "not a file";
    const buffer = new Uint8Array(Math.min(stats.size, limitBytes) + 1);
    return { bytes: buffer.subarray(0, fill(file, buffer)), mode: stats.mode };
  } finally {
    closeSync(file);
  }
}

function fill(file: number, buffer: Uint8Array): number {
  let length = 0;
  for (;;) {
    const count = readSync(file, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0 || length === buffer.length) return length;
  }
}
