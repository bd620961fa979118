import type { Disk } from "../../agent/platform/disk.ts";

/** A disk that works, in memory, and remembers nothing but its files: for runs of days. See crash-disk.ts for the other kind. */
export function memoryDisk(): Disk {
  const files = new Map<number, Uint8Array>();
  const names = new Map<string, number>();
  const folders = new Set<string>();
  let next = 3;

  const fileOf = (path: string): number => {
    const file = names.get(path);
    if (file === undefined) throw coded("ENOENT", path);
    return file;
  };
  const bytesOf = (file: number): Uint8Array => {
    const bytes = files.get(file);
    if (bytes === undefined) throw coded("EBADF", String(file));
    return bytes;
  };
  /** Nobody can reach what has no name; a descriptor that is still open on it must not be used. */
  const unlink = (path: string) => {
    files.delete(fileOf(path));
    names.delete(path);
  };

  return {
    makeFolder: async (path) => void folders.add(path),
    async list(folder) {
      if (!folders.has(folder)) throw coded("ENOENT", folder);
      return [...names.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1));
    },
    async create(path) {
      if (names.has(path)) unlink(path);
      const file = next++;
      files.set(file, new Uint8Array());
      names.set(path, file);
      return file;
    },
    open: async (path) => fileOf(path),
    read: async (file, at, length) => bytesOf(file).slice(at, at + length),
    async write(file, at, bytes) {
      const before = bytesOf(file);
      const end = at + bytes.length;
      if (end <= before.length) return before.set(bytes, at);
      const grown = new Uint8Array(end);
      grown.set(before);
      grown.set(bytes, at);
      files.set(file, grown);
    },
    size: async (file) => bytesOf(file).length,
    close: async () => {},
    async rename(from, to) {
      const file = fileOf(from);
      if (names.has(to)) unlink(to);
      names.set(to, file);
      names.delete(from);
    },
    remove: async (path) => unlink(path),
    syncFolder: async () => {},
    freeBytes: async () => 1e12,
    blockBytes: async () => 4_096,
  };
}

const coded = (code: string, what: string) =>
  Object.assign(new Error(`${code}: in memory, '${what}'`), { code });
