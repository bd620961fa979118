import {
  close,
  constants,
  fstat,
  fsync,
  mkdir,
  open,
  read,
  readdir,
  rename,
  statfs,
  unlink,
  write,
} from "node:fs";
import { promisify } from "node:util";
import { errnoOf } from "./errno.ts";

/** What the journal asks of a file system, so that a test can be one. Errors are the system's, with their `code`. */
export interface Disk {
  /** Folders above it are made, too; one that is there is fine. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  /** A new file, mode 0600, open for reading and writing; takes the place of one that is there. */
  create(path: string): Promise<number>;
  /** For reading only where it may not be written. @throws EINVAL for a FIFO and the like */
  open(path: string): Promise<number>;
  /** Fewer bytes than asked for only at the end of the file. */
  read(file: number, at: number, length: number): Promise<Uint8Array>;
  /** The bytes, and the size of the file, survive a power cut when it resolves. */
  write(file: number, at: number, bytes: Uint8Array): Promise<void>;
  size(file: number): Promise<number>;
  close(file: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** The names in it survive a power cut when it resolves. */
  syncFolder(folder: string): Promise<void>;
  /** What an ordinary user may still write below `folder`, in bytes. */
  freeBytes(folder: string): Promise<number>;
  /** The unit that the file system of `folder` hands to the device: a byte changed costs this much. */
  blockBytes(folder: string): Promise<number>;
}

const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW, O_RDONLY, O_DIRECTORY, O_DSYNC, O_NONBLOCK } =
  constants;

/** O_DSYNC: a write is over when the disk has it, so that one trip to the thread pool does what write and fdatasync do. */
const READ_WRITE = O_RDWR | O_DSYNC | O_NOFOLLOW;

const opening = promisify(open);
const closing = promisify(close);
const syncing = promisify(fsync);

/** On a disk that turned read-only what waits is still sent. */
async function openToRead(path: string): Promise<number> {
  try {
    return await opening(path, READ_WRITE);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "EROFS" && code !== "EACCES" && code !== "EPERM") throw error;
    return opening(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }
}

/** The kernel's. Runs in the thread pool: a card may take its time. */
export const systemDisk: Disk = {
  async makeFolder(path) {
    await promisify(mkdir)(path, { recursive: true, mode: 0o700 });
  },
  list: (folder) => promisify(readdir)(folder),
  create: (path) => opening(path, READ_WRITE | O_CREAT | O_TRUNC, 0o600),
  async open(path) {
    const file = await openToRead(path);
    if ((await promisify(fstat)(file)).isFile()) return file;
    await closing(file);
    throw Object.assign(new Error(`${path} is not a regular file`), { code: "EINVAL", path });
  },
  read: (file, at, length) =>
    new Promise((resolve, reject) => {
      const buffer = new Uint8Array(length);
      const more = (done: number) =>
        read(file, buffer, done, length - done, at + done, (error, count) => {
          if (error) reject(error);
          else if (count === 0 || done + count === length)
            resolve(buffer.subarray(0, done + count));
          else more(done + count);
        });
      more(0);
    }),
  write: (file, at, bytes) =>
    new Promise((resolve, reject) => {
      // A short write is legal: on a nearly full disk it is how ENOSPC begins.
      const more = (done: number) =>
        write(file, bytes, done, bytes.length - done, at + done, (error, count) => {
          if (error) reject(error);
          else if (done + count === bytes.length) resolve();
          else more(done + count);
        });
      more(0);
    }),
  size: async (file) => (await promisify(fstat)(file)).size,
  close: closing,
  rename: promisify(rename),
  remove: promisify(unlink),
  async syncFolder(folder) {
    const descriptor = await opening(folder, O_RDONLY | O_DIRECTORY);
    try {
      await syncing(descriptor);
    } finally {
      await closing(descriptor);
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await promisify(statfs)(folder);
    return bavail * bsize;
  },
  blockBytes: async (folder) => (await promisify(statfs)(folder)).bsize,
};
