import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Of what grew to gigabytes only the beginning counts. */
const HUGE_BYTES = 1e8;

/** Everything below a folder, folders too. */
export const pathsBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" });

/** The regular files below a folder, whatever else is there. */
export function filesBelow(folder: string, below = ""): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of readdirSync(join(folder, below))) {
    const path = join(below, name);
    const stats = lstatSync(join(folder, path));
    if (stats.isDirectory()) for (const entry of filesBelow(folder, path)) files.set(...entry);
    else if (stats.isFile() && stats.size < HUGE_BYTES)
      files.set(path, readFileSync(join(folder, path)));
    else if (stats.isFile())
      files.set(path, execFileSync("head", ["-c", "1000000", join(folder, path)]));
  }
  return files;
}

/** Everything that a folder full of files may suffer. */
export function createDamager(fraction: () => number) {
  const below = (count: number) => Math.floor(fraction() * count);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error("there is nothing to pick");
    return item;
  };
  const noise = (length: number) => Uint8Array.from({ length }, () => below(256));
  /** From one byte to all of it, small ranges as often as large ones. */
  const range = (size: number): [at: number, length: number] => {
    const at = below(size);
    return [at, Math.max(1, Math.floor((size - at) ** fraction()))];
  };
  const edit = (path: string, change: (bytes: Uint8Array) => Uint8Array) => {
    const stats = lstatSync(path);
    if (stats.isFile() && stats.size > 0 && stats.size < HUGE_BYTES)
      writeFileSync(path, change(new Uint8Array(readFileSync(path))));
  };
  const filled = (bytes: Uint8Array, at: number, content: Uint8Array) => {
    bytes.set(content.subarray(0, bytes.length - at), at);
    return bytes;
  };

  const kinds: Record<string, (path: string, other: string) => void> = {
    "one bit flipped": (path) =>
      edit(path, (bytes) => {
        const at = below(bytes.length);
        return filled(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << below(8))));
      }),
    "bits flipped here and there": (path) =>
      edit(path, (bytes) => {
        for (let left = 1 + below(20); left > 0; left--) {
          const at = below(bytes.length);
          filled(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << below(8))));
        }
        return bytes;
      }),
    "a range zeroed": (path) =>
      edit(path, (bytes) => {
        const [at, length] = range(bytes.length);
        return bytes.fill(0, at, at + length);
      }),
    "a range overwritten": (path) =>
      edit(path, (bytes) => {
        const [at, length] = range(bytes.length);
        return filled(bytes, at, noise(length));
      }),
    "a range set to ones": (path) =>
      edit(path, (bytes) => {
        const [at, length] = range(bytes.length);
        return bytes.fill(255, at, at + length);
      }),
    "a sector zeroed": (path) =>
      edit(path, (bytes) => {
        const size = pick([512, 4_096]);
        const at = size * below(Math.ceil(bytes.length / size));
        return bytes.fill(0, at, Math.min(bytes.length, at + size));
      }),
    "a block written to another place, too": (path) =>
      edit(path, (bytes) => {
        const size = pick([1, 512, 512, 4_096]);
        const places = Math.ceil(bytes.length / size);
        const [from, to] = [size * below(places), size * below(places)];
        const length = size === 1 ? below(bytes.length) : size;
        return filled(bytes, to, bytes.slice(from, from + length));
      }),
    "a block of another file": (path, other) =>
      edit(path, (bytes) => {
        if (!lstatSync(other).isFile() || lstatSync(other).size > HUGE_BYTES) return bytes;
        const at = 512 * below(Math.ceil(bytes.length / 512));
        return filled(bytes, at, readFileSync(other).subarray(at, at + pick([512, 4_096])));
      }),
    "bytes removed from the middle": (path) =>
      edit(path, (bytes) => {
        const [at, length] = range(bytes.length);
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      }),
    "bytes put into the middle": (path) =>
      edit(path, (bytes) => {
        const [at, length] = range(bytes.length);
        return Buffer.concat([bytes.subarray(0, at), noise(length), bytes.subarray(at)]);
      }),
    truncated: (path) => edit(path, (bytes) => bytes.subarray(0, below(bytes.length))),
    emptied: (path) => edit(path, () => new Uint8Array()),
    "zeroed as a whole": (path) => edit(path, (bytes) => bytes.fill(0)),
    "all of it noise": (path) => edit(path, (bytes) => noise(bytes.length)),
    "longer by zeros": (path) =>
      edit(path, (bytes) => Buffer.concat([bytes, new Uint8Array(below(100_000))])),
    "longer by noise": (path) =>
      edit(path, (bytes) => Buffer.concat([bytes, noise(below(20_000))])),
    "as long as no disk is": (path) => {
      if (lstatSync(path).isFile()) truncateSync(path, 1e12);
    },
    deleted: (path) => rmSync(path, { recursive: true }),
    "changed for another file": (path, other) => {
      if (path.startsWith(other) || other.startsWith(path)) return;
      renameSync(path, `${path}.x`);
      renameSync(other, path);
      renameSync(`${path}.x`, other);
    },
    "renamed, a digit of the name changed": (path) => {
      const name = path.slice(dirname(path).length + 1);
      const at = below(name.length);
      const renamed = name.slice(0, at) + pick([..."0123456789abcdef"]) + name.slice(at + 1);
      if (!existsSync(join(dirname(path), renamed))) renameSync(path, join(dirname(path), renamed));
    },
    "copied under a name of its kind": (path) => {
      const name = path.slice(dirname(path).length + 1);
      const digit = () => pick([..."0123456789"]);
      const copy = name.replace(/[0-9]/g, (old) => (fraction() < 0.2 ? digit() : old));
      const stats = lstatSync(path);
      if (stats.isFile() && stats.size < HUGE_BYTES && copy !== name)
        copyFileSync(path, join(dirname(path), copy));
    },
    "a folder in its place": (path) => {
      rmSync(path, { recursive: true });
      mkdirSync(path);
    },
    "a full folder in its place": (path) => {
      rmSync(path, { recursive: true });
      mkdirSync(join(path, "in", "it"), { recursive: true });
    },
    "a FIFO in its place": (path) => {
      rmSync(path, { recursive: true });
      execFileSync("mkfifo", [path]);
    },
    "a link to nowhere in its place": (path) => {
      rmSync(path, { recursive: true });
      symlinkSync("nowhere", path);
    },
    "a link to itself in its place": (path) => {
      rmSync(path, { recursive: true });
      symlinkSync(path, path);
    },
    "a link to another file in its place": (path, other) => {
      rmSync(path, { recursive: true });
      symlinkSync(other, path);
    },
  };

  /** Files that nobody of us has written, under names that look as if. */
  const strange = [
    "ffffffff-ffffffff-999999999999999.seg",
    "00000000-00000000-0.seg",
    "00000001-00000000-1.seg",
    "7fffffff-12345678-5.seg",
    "spare",
    "new",
    "x.bad",
    "garbage",
  ];

  return {
    /** Does one thing to one of these paths, which all exist below `folder`; tells what. */
    once(folder: string, paths: readonly string[]): string {
      const path = pick(paths);
      const other = pick(paths);
      if (fraction() < 0.04) {
        const name = join(dirname(path), pick(strange));
        rmSync(join(folder, name), { recursive: true, force: true });
        if (fraction() < 0.3) mkdirSync(join(folder, name, "in"), { recursive: true });
        else writeFileSync(join(folder, name), noise(below(20_000)));
        return `${name} put there`;
      }
      const kind = pick(Object.keys(kinds));
      kinds[kind]?.(join(folder, path), join(folder, other));
      return `${path}: ${kind} (${other})`;
    },
  };
}
