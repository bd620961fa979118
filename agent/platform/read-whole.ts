import { errnoOf } from "./errno.ts";
import { type Files, systemFiles } from "./files.ts";

export interface WholeFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** User id. */
  readonly owner: number;
}

export interface ReadWholeOptions {
  /** At most one byte more is read, so that the reader sees that it is too much. */
  readonly limitBytes: number;
  /** Takes a symbolic link for what it is, no file. Default: it is followed. */
  readonly noFollow?: boolean;
  /** Default: the kernel's. */
  readonly files?: Files;
}

/**
 * A regular file as a whole; null when there is none. Neither waits nor reads on and on, whatever stands in its place:
 * a folder, FIFO, socket or device is "not a file".
 * @throws the system's error (EACCES, EIO, ENOTDIR, ELOOP…), `code` set
 */
export function readWhole(
  path: string,
  { limitBytes, noFollow = false, files = systemFiles }: ReadWholeOptions,
): WholeFile | "not a file" | null {
  let file: number;
  try {
    file = files.open(path, { noFollow });
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return null;
    if (code === "ENXIO" || (code === "ELOOP" && noFollow)) return "not a file";
    throw error;
  }
  try {
    const { isFile, bytes, mode, owner } = files.facts(file);
    if (!isFile) return "not a file";
    const buffer = new Uint8Array(Math.min(bytes, limitBytes) + 1);
    return { bytes: buffer.subarray(0, fill(files, file, buffer)), mode, owner };
  } finally {
    files.close(file);
  }
}

function fill(files: Files, file: number, buffer: Uint8Array): number {
  let length = 0;
  for (;;) {
    const count = files.read(file, buffer.subarray(length));
    length += count;
    if (count === 0 || length === buffer.length) return length;
  }
}
