import {
  closeSync,
  constants,
  openSync,
  promises,
  readSync,
  type StatsFs,
  statfsSync,
} from "node:fs";
import { join } from "node:path";
import type { FileSystemStats, Host } from "../ports.ts";
import { resolveBelow } from "./below-root.ts";
import { counted } from "./outstanding-reads.ts";

const DEFAULT_LIMIT_BYTES = 16 * 1024;

/** Answered from memory by the kernel: these never block, and a synchronous read costs a fifth of an asynchronous one. */
const IN_MEMORY = ["/proc/", "/sys/class/thermal/", "/sys/devices/system/cpu/"];

/** O_NONBLOCK changes nothing for a regular file, and saves us from a FIFO in the wrong place. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** One for all synchronous reads: they cannot overlap. */
const shared = Buffer.allocUnsafeSlow(DEFAULT_LIMIT_BYTES);

/** The machine below `root` ("/" in service), read only. Never starts a process, never writes. */
export function createHost({ root }: { readonly root: string }): Host {
  const real = root === "/";
  const locate = (path: string) => (real ? path : join(root, resolveBelow(root, path)));
  return {
    async readFile(path, limitBytes = DEFAULT_LIMIT_BYTES) {
      const inMemory = IN_MEMORY.some((prefix) => path.startsWith(prefix));
      const at = locate(path);
      return inMemory ? readTextSync(at, limitBytes) : counted(readText(at, limitBytes));
    },
    readDir: async (path) => (await counted(promises.readdir(locate(path)))).sort(),
    async realPath(path) {
      if (real) return counted(promises.realpath(path));
      const inside = resolveBelow(root, path);
      await promises.access(join(root, inside));
      return inside;
    },
    async statfs(path) {
      // Only the root of the machine itself is known not to hang: a network or USB mount may.
      return stats(
        real && path === "/" ? statfsSync("/") : await counted(promises.statfs(locate(path))),
      );
    },
  };
}

/** No stat, no growing: the size that /proc and /sys report for their files means nothing. */
function readTextSync(path: string, limitBytes: number): string {
  const descriptor = openSync(path, FLAGS);
  try {
    let buffer = shared;
    let filled = 0;
    // A /proc file comes in pieces of a page, so one read is not the whole.
    while (filled < limitBytes) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const room = Math.min(buffer.length, limitBytes) - filled;
      const count = readSync(descriptor, buffer, filled, room, null);
      if (count === 0) break;
      filled += count;
    }
    return buffer.toString("utf8", 0, filled);
  } finally {
    closeSync(descriptor);
  }
}

async function readText(path: string, limitBytes: number): Promise<string> {
  await using file = await promises.open(path, FLAGS);
  const buffer = Buffer.allocUnsafe(limitBytes);
  let filled = 0;
  while (filled < limitBytes) {
    const { bytesRead } = await file.read(buffer, filled, limitBytes - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
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
