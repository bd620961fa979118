import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { Disk } from "../../agent/platform/disk.ts";

/** Real files, but each operation is over at once: on virtual time nothing waits for the thread pool. Nothing is synced. */
export const plainDisk: Disk = {
  async makeFolder(path) {
    mkdirSync(path, { recursive: true });
  },
  list: async (folder) => readdirSync(folder),
  create: async (path) => openSync(path, "w+"),
  open: async (path) => openSync(path, "r+"),
  async read(file, at, length) {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, at));
  },
  async write(file, at, bytes) {
    writeSync(file, bytes, 0, bytes.length, at);
  },
  size: async (file) => fstatSync(file).size,
  close: async (file) => closeSync(file),
  rename: async (from, to) => renameSync(from, to),
  remove: async (path) => unlinkSync(path),
  syncFolder: async () => {},
  async freeBytes(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  blockBytes: async (folder) => statfsSync(folder).bsize,
};
