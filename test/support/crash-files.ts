import type { FileFacts, Files } from "../../agent/platform/files.ts";

/** What lies on a disk: content by path. */
export type FilesImage = ReadonlyMap<string, Uint8Array>;

type Naming =
  | { readonly kind: "link"; readonly path: string; readonly inode: number }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string };

type Operation =
  | Naming
  | { readonly kind: "write"; readonly inode: number; readonly bytes: Uint8Array }
  | { readonly kind: "sync"; readonly inode: number }
  | { readonly kind: "syncFolder" };

/** What a drive writes whole or not at all. */
const SECTOR_BYTES = 512;
/** So many sectors are tried in every combination, more of them in so many picks. */
const MOST_SECTORS = 6;
const PICKS = 64;
/** Where several files are unsynced at once: combinations of what is left of each. */
const COMBINATIONS = 24;

export interface CrashFilesOptions {
  /** A disk that says "done" and does nothing: a proof that rests on the sync must fail on it. */
  readonly ignores?: "sync" | "syncFolder";
}

export interface CrashFiles {
  readonly files: Files;
  /** Operations that change something, so far. */
  readonly count: number;
  /** Of any kind, so far. */
  readonly calls: number;
  /** The call of this index fails with this code; `forEver`: and every one after it. */
  failAt(call: number, code: string, forEver?: boolean): void;
  /**
   * What a power cut within operation `index` may leave: of files not synced any beginning, or their length without some of
   * their sectors; of names not synced any beginning of the list. `fraction` picks where there is too much to try.
   */
  states(index: number, fraction: () => number): Generator<FilesImage>;
}

/** Small files on a disk that may lose power, or fail, at every operation. Of folders there is but one. */
export function crashFiles(
  image: FilesImage = new Map(),
  { ignores }: CrashFilesOptions = {},
): CrashFiles {
  const operations: Operation[] = [];
  const inodes: Uint8Array[] = [...image.values()];
  const names = new Map([...image.keys()].map((path, inode) => [path, inode] as const));
  const before = new Map(names);
  const open = new Map<number, { readonly inode: number; at: number }>();
  let lastFile = 2;
  let calls = 0;
  let failing = { from: -1, to: -1, code: "" };

  const call = () => {
    const index = calls++;
    if (index >= failing.from && index < failing.to) throw errorOf(failing.code);
  };
  const note = (operation: Operation) => {
    call();
    operations.push(operation);
  };
  const inodeOf = (path: string): number => names.get(path) ?? raise(errorOf("ENOENT", path));
  const fileOf = (file: number) => open.get(file) ?? raise(errorOf("EBADF"));
  const contentOf = (inode: number) => inodes[inode] ?? new Uint8Array();
  const opened = (inode: number) => {
    open.set(++lastFile, { inode, at: 0 });
    return lastFile;
  };
  const factsOf = (inode: number): FileFacts => ({
    isFile: true,
    isFolder: false,
    bytes: contentOf(inode).length,
    mode: 0o100600,
    owner: 0,
  });
  const change = (naming: Naming) => {
    operations.push(naming);
    name(names, naming);
  };

  const files: Files = {
    create(path) {
      call();
      if (names.has(path)) throw errorOf("EEXIST", path);
      const inode = inodes.length;
      change({ kind: "link", path, inode });
      inodes.push(new Uint8Array());
      return opened(inode);
    },
    open(path) {
      call();
      return opened(inodeOf(path));
    },
    write(file, bytes) {
      const { inode } = fileOf(file);
      // As a nearly full disk does now and then.
      const some = bytes.slice(0, Math.max(1, Math.floor(bytes.length / 2)));
      note({ kind: "write", inode, bytes: some });
      inodes[inode] = Buffer.concat([contentOf(inode), some]);
      return some.length;
    },
    read(file, buffer) {
      call();
      const from = fileOf(file);
      const some = contentOf(from.inode).subarray(from.at, from.at + buffer.length);
      buffer.set(some);
      from.at += some.length;
      return some.length;
    },
    facts(file) {
      call();
      return factsOf(fileOf(file).inode);
    },
    sync: (file) => note({ kind: "sync", inode: fileOf(file).inode }),
    close(file) {
      open.delete(file);
      call();
    },
    factsOf(path) {
      call();
      const inode = names.get(path);
      return inode === undefined ? null : factsOf(inode);
    },
    link(path, to) {
      call();
      if (names.has(to)) throw errorOf("EEXIST", to);
      change({ kind: "link", path: to, inode: inodeOf(path) });
    },
    rename(path, to) {
      call();
      inodeOf(path);
      change({ kind: "rename", path, to });
    },
    remove(path) {
      call();
      inodeOf(path);
      change({ kind: "remove", path });
    },
    setMode: () => call(),
    syncFolder: () => note({ kind: "syncFolder" }),
  };

  return {
    files,
    get count() {
      return operations.length;
    },
    get calls() {
      return calls;
    },
    failAt(from, code, forEver = false) {
      failing = { from, to: forEver ? Number.POSITIVE_INFINITY : from + 1, code };
    },
    *states(index, fraction) {
      const platter = { names: new Map(before), contents: [...image.values()] };
      const unsynced = new Map<number, Uint8Array>();
      let namings: Naming[] = [];
      const written = (inode: number) => unsynced.get(inode) ?? platter.contents[inode] ?? empty;
      for (const [at, operation] of operations.slice(0, index + 1).entries()) {
        const isOver = at < index;
        if (operation.kind === "write")
          unsynced.set(operation.inode, Buffer.concat([written(operation.inode), operation.bytes]));
        else if (operation.kind === "sync") {
          if (!isOver || ignores === "sync") continue;
          platter.contents[operation.inode] = written(operation.inode);
          unsynced.delete(operation.inode);
        } else if (operation.kind === "syncFolder") {
          if (!isOver || ignores === "syncFolder") continue;
          for (const naming of namings) name(platter.names, naming);
          namings = [];
        } else namings.push(operation);
      }
      for (let named = 0; named <= namings.length; named++) {
        const known = new Map(platter.names);
        for (const naming of namings.slice(0, named)) name(known, naming);
        const open = [...unsynced].filter(([inode]) => [...known.values()].includes(inode));
        for (const remains of combined(open, platter.contents, fraction))
          yield new Map(
            [...known].map(([path, inode]) => [
              path,
              remains.get(inode) ?? platter.contents[inode] ?? empty,
            ]),
          );
      }
    },
  };
}

const empty = new Uint8Array();

/** What may be left of each of these files, together. */
function* combined(
  unsynced: readonly (readonly [number, Uint8Array])[],
  synced: readonly Uint8Array[],
  fraction: () => number,
): Generator<ReadonlyMap<number, Uint8Array>> {
  const choices = unsynced.map(([inode, content]) => {
    const left = [...remainsOf(content, synced[inode] ?? empty, fraction)];
    return { inode, left };
  });
  const [only, ...others] = choices;
  if (only === undefined) yield new Map();
  else if (others.length === 0)
    for (const content of only.left) yield new Map([[only.inode, content]]);
  else
    for (let pick = 0; pick < COMBINATIONS; pick++)
      yield new Map(
        choices.map(({ inode, left }) => [
          inode,
          left[Math.floor(fraction() * left.length)] ?? empty,
        ]),
      );
}

/** Any length up to its own in sectors, and its own with any sectors missing: zeros stand there. */
function* remainsOf(
  content: Uint8Array,
  synced: Uint8Array,
  fraction: () => number,
): Generator<Uint8Array> {
  for (let length = synced.length; length < content.length; length += SECTOR_BYTES)
    yield content.slice(0, length);
  const first = Math.floor(synced.length / SECTOR_BYTES);
  const count = Math.ceil(content.length / SECTOR_BYTES) - first;
  const all = 2 ** count;
  const masks = count <= MOST_SECTORS ? all : PICKS;
  for (let mask = 0; mask < masks; mask++) {
    const kept = count <= MOST_SECTORS ? mask : Math.floor(fraction() * all);
    const left = content.slice();
    for (let sector = 0; sector < count; sector++) {
      const from = Math.max(synced.length, (first + sector) * SECTOR_BYTES);
      if (Math.floor(kept / 2 ** sector) % 2 === 0)
        left.fill(0, from, Math.min(left.length, (first + sector + 1) * SECTOR_BYTES));
    }
    yield left;
  }
}

function name(names: Map<string, number>, naming: Naming): void {
  if (naming.kind === "link") {
    names.set(naming.path, naming.inode);
    return;
  }
  const inode = names.get(naming.path);
  if (inode === undefined) return;
  // rename(2): two names of one file stay as they are.
  if (naming.kind === "rename" && names.get(naming.to) === inode) return;
  names.delete(naming.path);
  if (naming.kind === "rename") names.set(naming.to, inode);
}

const errorOf = (code: string, path = ""): Error =>
  Object.assign(new Error(`${code}: ${path}`), { code, path });

function raise(error: Error): never {
  throw error;
}
