import type { Disk } from "../../agent/platform/disk.ts";

/** What lies on a disk: content by path. */
export type DiskImage = ReadonlyMap<string, Uint8Array>;

type Operation =
  | { readonly kind: "create"; readonly path: string; readonly inode: number }
  | {
      readonly kind: "write";
      readonly inode: number;
      readonly at: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "syncFolder" };

type Naming = Extract<Operation, { kind: "create" | "rename" | "remove" }>;

/** What a drive writes whole or not at all. */
const SECTOR_BYTES = 512;
/** Of a write in progress: first sectors, and picks, that are tried. */
const MOST_PREFIXES = 12;
const PICKS = 6;

export interface CrashDisk {
  readonly disk: Disk;
  /** How many operations were begun. */
  readonly count: number;
  /** Every operation from now on fails with this error code; null: works again. */
  fail(code: string | null): void;
  /**
   * What a power cut within operation `index` may leave: all that was over before it; of a write any of its sectors; of names
   * that were not synced any beginning. `fraction` picks sectors.
   */
  states(index: number, fraction: () => number): Generator<DiskImage>;
}

/** A disk that remembers each operation, to be cut off within any of them. */
export function crashDisk(image: DiskImage = new Map()): CrashDisk {
  const operations: Operation[] = [];
  const inodes: Uint8Array[] = [];
  const names = new Map<string, number>();
  let failing: string | null = null;
  for (const [path, bytes] of image) names.set(path, inodes.push(bytes.slice()) - 1);
  const before = { inodes: inodes.map((bytes) => bytes.slice()), names: new Map(names) };
  let replay = replayFrom(before);
  let replayed = 0;

  const begin = async (operation?: Operation) => {
    if (failing !== null) throw Object.assign(new Error(failing), { code: failing });
    if (operation) operations.push(operation);
  };
  const inodeOf = (path: string): number => {
    const inode = names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
    return inode;
  };

  const disk: Disk = {
    makeFolder: () => begin(),
    async list(folder) {
      await begin();
      return [...names.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1));
    },
    async create(path) {
      const inode = inodes.length;
      await begin({ kind: "create", path, inode });
      inodes.push(new Uint8Array());
      names.set(path, inode);
      return inode;
    },
    async open(path) {
      await begin();
      return inodeOf(path);
    },
    async read(file, at, length) {
      await begin();
      return (inodes[file] ?? new Uint8Array()).slice(at, at + length);
    },
    async write(file, at, bytes) {
      await begin({ kind: "write", inode: file, at, bytes: bytes.slice() });
      inodes[file] = overwritten(inodes[file], at, bytes);
    },
    size: async (file) => inodes[file]?.length ?? 0,
    close: async () => {},
    async rename(path, to) {
      await begin({ kind: "rename", path, to });
      names.set(to, inodeOf(path));
      names.delete(path);
    },
    async remove(path) {
      await begin({ kind: "remove", path });
      inodeOf(path);
      names.delete(path);
    },
    syncFolder: () => begin({ kind: "syncFolder" }),
    freeBytes: async () => 1e12,
    blockBytes: async () => 4_096,
  };

  return {
    disk,
    get count() {
      return operations.length;
    },
    fail(code) {
      failing = code;
    },
    *states(index, fraction) {
      if (index < replayed) {
        replay = replayFrom(before);
        replayed = 0;
      }
      for (; replayed < index; replayed++) replay.over(operations[replayed]);
      yield* replay.within(operations[index], fraction);
    },
  };
}

interface Beginning {
  readonly inodes: readonly Uint8Array[];
  readonly names: ReadonlyMap<string, number>;
}

/** What the platters hold: walks the operations once, and forks at the one that power fails in. */
function replayFrom({ inodes, names }: Beginning) {
  const data: Uint8Array[] = [...inodes];
  const synced = new Map(names);
  let unsynced: Naming[] = [];

  return {
    over(operation: Operation | undefined) {
      if (operation === undefined) return;
      if (operation.kind === "write")
        data[operation.inode] = overwritten(data[operation.inode], operation.at, operation.bytes);
      else if (operation.kind === "syncFolder") {
        for (const naming of unsynced) name(synced, naming);
        unsynced = [];
      } else {
        if (operation.kind === "create") data[operation.inode] ??= new Uint8Array();
        unsynced.push(operation);
      }
    },
    *within(cut: Operation | undefined, fraction: () => number): Generator<DiskImage> {
      const namings = cut === undefined || !("path" in cut) ? unsynced : [...unsynced, cut];
      for (const content of cut?.kind === "write" ? torn(data, cut, fraction) : [data]) {
        for (let named = 0; named <= namings.length; named++) {
          const known = new Map(synced);
          for (const naming of namings.slice(0, named)) name(known, naming);
          yield new Map(
            [...known].map(([path, inode]) => [path, content[inode] ?? new Uint8Array()]),
          );
        }
      }
    },
  };
}

function name(names: Map<string, number>, operation: Naming): void {
  if (operation.kind === "create") names.set(operation.path, operation.inode);
  else {
    const inode = names.get(operation.path);
    names.delete(operation.path);
    if (operation.kind === "rename" && inode !== undefined) names.set(operation.to, inode);
  }
}

/** The inodes after a write of which only some sectors arrived. */
function* torn(
  data: readonly Uint8Array[],
  { inode, at, bytes }: Extract<Operation, { kind: "write" }>,
  fraction: () => number,
): Generator<readonly Uint8Array[]> {
  const first = Math.floor(at / SECTOR_BYTES);
  const count = Math.floor((at + bytes.length - 1) / SECTOR_BYTES) - first + 1;
  const arrived = function* (): Generator<(sector: number) => boolean> {
    const step = Math.max(1, Math.ceil(count / MOST_PREFIXES));
    for (let prefix = 0; prefix <= count; prefix += step) yield (sector) => sector < prefix;
    yield () => true;
    for (let pick = 0; count > 1 && pick < PICKS; pick++) {
      const bits = Array.from({ length: count }, () => fraction() < 0.5);
      yield (sector) => bits[sector] ?? false;
    }
  };
  for (const has of arrived()) {
    let result = data[inode] ?? new Uint8Array();
    for (let sector = 0; sector < count; sector++) {
      if (!has(sector)) continue;
      const start = Math.max(at, (first + sector) * SECTOR_BYTES);
      const end = Math.min(at + bytes.length, (first + sector + 1) * SECTOR_BYTES);
      result = overwritten(result, start, bytes.subarray(start - at, end - at));
    }
    yield data.map((content, index) => (index === inode ? result : content));
  }
}

function overwritten(
  content: Uint8Array = new Uint8Array(),
  at: number,
  bytes: Uint8Array,
): Uint8Array {
  const result = new Uint8Array(Math.max(content.length, at + bytes.length));
  result.set(content);
  result.set(bytes, at);
  return result;
}
