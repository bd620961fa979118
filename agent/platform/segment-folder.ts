import { join } from "node:path";
import type { Logger } from "../ports.ts";
import type { SegmentHeader, SegmentStore, StoredSegment } from "../segment-store.ts";
import type { Disk } from "./disk.ts";
import { errnoOf } from "./errno.ts";

/** "00000017-5f3a9c01-4711.seg": number and seed in hexadecimal, first id. */
const NAME = /^([0-9a-f]{8})-([0-9a-f]{8})-([1-9]\d{0,14})\.seg$/;
/** A segment nobody needs, whose blocks the next one takes over: preallocating means writing them all. */
const SPARE = "spare";
const NEW = "new";
/** Damaged segments that are kept for the operator to look at. */
const MOST_ASIDE = 2;

/** What a file system says of a place where there is no folder. */
const NO_FOLDER = new Set(["EEXIST", "ENOTDIR", "ELOOP", "ENOENT"]);

/** Segments as files of one folder, which this process alone writes. */
export function segmentFolder(folder: string, disk: Disk, log?: Logger): SegmentStore {
  const at = (name: string) => join(folder, name);
  const pathOf = (header: SegmentHeader) => at(nameOf(header));
  /** Bytes of the spare file, while it is known that there is one. */
  let spareBytes: number | null = null;

  const opened = (file: number, bytes: number): StoredSegment => ({
    bytes,
    read: (from, length) => disk.read(file, from, Math.min(length, Math.max(0, bytes - from))),
    write: (from, data) => disk.write(file, from, data),
    close: () => disk.close(file),
  });

  /** Opened for each read: a backlog may have more segments than a process may have files open. */
  const closed = (path: string, bytes: number): StoredSegment => {
    let written: StoredSegment | null = null;
    return {
      bytes,
      async read(from, length) {
        if (written !== null) return written.read(from, length);
        const file = await disk.open(path);
        try {
          return await opened(file, bytes).read(from, length);
        } finally {
          await disk.close(file);
        }
      },
      async write(from, data) {
        written ??= opened(await disk.open(path), bytes);
        await written.write(from, data);
      },
      close: async () => written?.close(),
    };
  };

  const sizeOf = async (path: string): Promise<number> => {
    const file = await disk.open(path);
    try {
      return await disk.size(file);
    } finally {
      await disk.close(file);
    }
  };

  /** Null for what is no file: a folder, a FIFO, a link. */
  const spareSize = async (): Promise<number | null> => {
    try {
      return await sizeOf(at(SPARE));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return null;
    }
  };

  /** What stands where a file of ours is to be: a leftover goes, and what cannot be deleted is moved. */
  const clear = async (path: string): Promise<void> => {
    try {
      await disk.remove(path).catch(() => disk.rename(path, `${path}.bad`));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error; // else it stays, and whatever wants its place says so
    }
  };

  /** A file or a link that stands in the folder's place is moved away, for the operator to look at. */
  const moveAway = async (error: unknown): Promise<void> => {
    if (!NO_FOLDER.has(errnoOf(error) ?? "")) throw error;
    const to = `${folder}.bad`;
    await disk.rename(folder, to);
    log?.error("what stood in place of the journal's folder is none, moved away", { to });
  };

  const makeFolder = async (): Promise<void> => {
    try {
      await disk.makeFolder(folder);
    } catch (error) {
      await moveAway(error);
      await disk.makeFolder(folder);
    }
  };

  const namesIn = async (): Promise<readonly string[]> => {
    try {
      return await disk.list(folder);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") await moveAway(error);
      return [];
    }
  };

  /** Its blocks are on the disk, and hold `head` and nothing else that could pass for a frame. */
  const prepared = async (bytes: number, head: Uint8Array): Promise<[number, string]> => {
    const reused = spareBytes === bytes;
    spareBytes = null;
    const path = at(reused ? SPARE : NEW);
    const file = await (reused ? disk.open(path) : disk.create(path));
    try {
      const whole = new Uint8Array(bytes);
      whole.set(head);
      await disk.write(file, 0, reused ? head : whole);
    } catch (error) {
      await disk.close(file);
      if (!reused) await disk.remove(path).catch(() => undefined); // a part of it would fill a full disk
      throw error;
    }
    return [file, path];
  };

  return {
    async list() {
      const names = await namesIn();
      spareBytes = names.includes(SPARE) ? await spareSize() : null;
      if (names.includes(SPARE) && spareBytes === null) await clear(at(SPARE));
      if (names.includes(NEW)) await clear(at(NEW));
      return names.flatMap(headerOf).toSorted((one, other) => one.number - other.number);
    },
    async open(header) {
      return closed(pathOf(header), await sizeOf(pathOf(header)));
    },
    async create(header, bytes, head) {
      await makeFolder();
      const [file, path] = await prepared(bytes, head);
      try {
        await disk.rename(path, pathOf(header));
        await disk.syncFolder(folder);
      } catch (error) {
        await disk.close(file);
        throw error;
      }
      return opened(file, bytes);
    },
    async remove(header, bytes) {
      const path = pathOf(header);
      if (bytes !== null && spareBytes === null) {
        await disk.rename(path, at(SPARE));
        spareBytes = bytes;
        return;
      }
      await disk.remove(path).catch((error) => {
        // The name had gone, and only the sync had failed.
        if (bytes !== null || errnoOf(error) !== "ENOENT") throw error;
      });
      if (bytes === null) await disk.syncFolder(folder);
    },
    async setAside(header) {
      const names = (await disk.list(folder)).filter((name) => name.endsWith(".bad")).toSorted();
      for (const name of names.slice(0, Math.max(0, names.length - MOST_ASIDE + 1)))
        await disk.remove(at(name)).catch(() => undefined); // a folder is not ours to delete
      await disk.rename(pathOf(header), at(`${nameOf(header)}.bad`));
    },
    async freeBytes() {
      await makeFolder();
      return disk.freeBytes(folder);
    },
    async blockBytes() {
      await makeFolder();
      return disk.blockBytes(folder);
    },
  };
}

const nameOf = ({ number, seed, firstId }: SegmentHeader): string =>
  `${hex(number)}-${hex(seed)}-${firstId}.seg`;

const hex = (value: number) => value.toString(16).padStart(8, "0");

function headerOf(name: string): SegmentHeader[] {
  const [, number, seed, firstId] = NAME.exec(name) ?? [];
  if (number === undefined || seed === undefined) return [];
  return [
    {
      number: Number.parseInt(number, 16),
      seed: Number.parseInt(seed, 16),
      firstId: Number(firstId),
    },
  ];
}
