import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";

export interface FileFacts {
  /** A regular file: no folder, FIFO, link or device. */
  readonly isFile: boolean;
  readonly isFolder: boolean;
  readonly bytes: number;
  readonly mode: number;
  /** User id. */
  readonly owner: number;
}

export interface OpenOptions {
  /** Takes a symbolic link for what it is, no file: ELOOP. */
  readonly noFollow: boolean;
}

/**
 * What small files that are replaced as a whole ask of a file system, so that a test can be one. Each of them is done when it
 * returns, yet survives a power cut only after the sync of its file, or of the folder for a name. Errors are the system's,
 * with their `code`.
 */
export interface Files {
  /** A new file, mode 0600, open for writing. @throws EEXIST */
  create(path: string): number;
  /** For reading. Does not wait for somebody to write to a FIFO: SIGTERM would not be heard. */
  open(path: string, options: OpenOptions): number;
  /** How many bytes it took: on a nearly full disk fewer than there were. */
  write(file: number, bytes: Uint8Array): number;
  /** From where the last read ended; how many bytes came, 0 at the end. */
  read(file: number, buffer: Uint8Array): number;
  facts(file: number): FileFacts;
  /** Its content survives a power cut. */
  sync(file: number): void;
  close(file: number): void;
  /** Of the name itself; null when it is free. */
  factsOf(path: string): FileFacts | null;
  link(path: string, to: string): void;
  rename(path: string, to: string): void;
  remove(path: string): void;
  setMode(path: string, mode: number): void;
  /** The names in it survive a power cut. */
  syncFolder(folder: string): void;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NONBLOCK, O_NOFOLLOW, O_DIRECTORY } = constants;

/** The kernel's. */
export const systemFiles: Files = {
  create: (path) => openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
  open: (path, { noFollow }) => openSync(path, O_RDONLY | O_NONBLOCK | (noFollow ? O_NOFOLLOW : 0)),
  write: (file, bytes) => writeSync(file, bytes),
  read: (file, buffer) => readSync(file, buffer, 0, buffer.length, null),
  facts: (file) => factsFrom(fstatSync(file)),
  sync: fsyncSync,
  close: closeSync,
  factsOf(path) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats ? factsFrom(stats) : null;
  },
  link: linkSync,
  rename: renameSync,
  remove: unlinkSync,
  setMode: chmodSync,
  syncFolder(folder) {
    const file = openSync(folder, O_RDONLY | O_DIRECTORY);
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
};

const factsFrom = (stats: Stats): FileFacts => ({
  isFile: stats.isFile(),
  isFolder: stats.isDirectory(),
  bytes: stats.size,
  mode: stats.mode,
  owner: stats.uid,
});
