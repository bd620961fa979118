import {
  accessSync,
  closeSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type StatsFs,
  statfsSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { FileSystemStats, Host } from "../ports.ts";
import { resolveBelow } from "./below-root.ts";
import { counted } from "./outstanding-reads.ts";
import { pooledFiles, READ_FLAGS } from "./pooled-files.ts";
import { readPooled } from "./pooled-reads.ts";

const DEFAULT_LIMIT_BYTES = 16 * 1024;

/** Answered from memory by the kernel: these never block, and a synchronous read costs a fifth of an asynchronous one. */
const IN_MEMORY = ["/proc/", "/sys/class/thermal/", "/sys/devices/system/cpu/"];

/** Names and links of sysfs: whatever a driver does, these are the kernel's own. */
const SYSFS = "/sys/";

const isInMemory = (path: string) => IN_MEMORY.some((prefix) => path.startsWith(prefix));

/** One for all synchronous reads: they cannot overlap. */
const shared = Buffer.allocUnsafeSlow(DEFAULT_LIMIT_BYTES);

/** The machine below `root` ("/" in service), read only. Never starts a process, never writes. */
export function createHost({ root }: { readonly root: string }): Host {
  const real = root === "/";
  const locate = (path: string) => (real ? path : join(root, resolveBelow(root, path)));
  return {
    readFile(path, limitBytes = DEFAULT_LIMIT_BYTES) {
      const at = locate(path);
      return isInMemory(path)
        ? readTextSync(at, limitBytes)
        : counted(readPooled(at, limitBytes, path.startsWith(SYSFS)));
    },
    async readDir(path) {
      const at = locate(path);
      const inMemory = path.startsWith(SYSFS) || isInMemory(`${path}/`);
      return (inMemory ? namesIn(at) : await counted(pooledFiles.readdir(at))).sort();
    },
    async realPath(path) {
      if (real)
        return path.startsWith(SYSFS) ? realpathSync(path) : counted(pooledFiles.realpath(path));
      const inside = resolveBelow(root, path);
      if (path.startsWith(SYSFS)) accessSync(join(root, inside));
      else await pooledFiles.access(join(root, inside));
      return inside;
    },
    async statfs(path) {
      // Only the root of the machine itself is known not to hang: a network or USB mount may.
      return stats(
        real && path === "/" ? statfsSync("/") : await counted(pooledFiles.statfs(locate(path))),
      );
    },
  };
}

/** A bus that this machine lacks is asked for every minute: the system's own error costs ten times a look at its name. */
function namesIn(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })) return readdirSync(path);
  throw Object.assign(new Error(`ENOENT: no folder ${path}`), { code: "ENOENT", path });
}

/** Files of the kernel's own memory, kept open: opening and closing one costs more than reading it. */
const kept = new Map<string, number>();
const MOST_KEPT = 32;

function readTextSync(path: string, limitBytes: number): string {
  const known = kept.get(path);
  if (known !== undefined) {
    try {
      return readFrom(known, limitBytes);
    } catch {
      // What it belonged to is gone (ESRCH, ENODEV); its successor, or the reason, is found by opening it again.
      kept.delete(path);
      closeSync(known);
    }
  }
  const descriptor = openSync(path, READ_FLAGS);
  let keep = false;
  try {
    const text = readFrom(descriptor, limitBytes);
    keep = path.startsWith("/proc/") && kept.size < MOST_KEPT;
    if (keep) kept.set(path, descriptor);
    return text;
  } finally {
    if (!keep) closeSync(descriptor);
  }
}

/**
 * The kernel hands out as many lines as fit into a page, so half a page is the whole table. Only where a line may be as long as
 * that, in tables of mounts, it says nothing; those are asked for by a limit of this size.
 */
const SURELY_WHOLE_BYTES = 2_048;
const LONG_LINES_LIMIT_BYTES = 1024 * 1024;

/** No stat, no growing: the size that /proc and /sys report for their files means nothing. */
function readFrom(descriptor: number, limitBytes: number): string {
  let buffer = shared;
  let filled = 0;
  while (filled < limitBytes) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    const room = Math.min(buffer.length, limitBytes) - filled;
    const count = readSync(descriptor, buffer, filled, room, filled);
    filled += count;
    if (count === 0 || (filled < SURELY_WHOLE_BYTES && limitBytes < LONG_LINES_LIMIT_BYTES)) break;
  }
  return buffer.toString("utf8", 0, filled);
}

/** Blocks are counted in fragments (statvfs(3), as df does); the optimal transfer size may be larger, as on NFS. */
const stats = (raw: StatsFs): FileSystemStats => ({
  blockBytes: raw.frsize || raw.bsize,
  blocks: raw.blocks,
  freeBlocks: raw.bfree,
  availableBlocks: raw.bavail,
  files: raw.files,
  freeFiles: raw.ffree,
});
