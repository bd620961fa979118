import type { Collector } from "./collector.ts";
import { counts, unexpected } from "./parse.ts";
import { createPace, sumPerSecond } from "./rate.ts";
import { readOptional } from "./read.ts";

const PATH = "/proc/diskstats";

/** A line is about 100 bytes, and a host of containers has hundreds of loop devices. */
const LIMIT_BYTES = 256 * 1024;

/** Whatever the disk's own sectors are, the kernel counts in these. */
const SECTOR_BYTES = 512;

/** Not its partitions, which would count twice, and neither "mmcblk0boot0" nor "loop0" nor "zram0". */
const WHOLE_DISK = /^(mmcblk\d+|nvme\d+n\d+|sd[a-z]+|vd[a-z]+)$/;

/**
 * Bytes per second read from and written to all disks together. The kernel counts sectors (admin-guide/iostats):
 *
 *      179       0 mmcblk0 31041 10862 2417866 120412 48210 61420 3211480 842133 0 310244 962545
 *                  name    reads merged sectors ms    writes merged sectors ms …
 *
 * A disk seen for the first time only sets its baseline.
 */
export const diskIo: Collector = {
  name: "disk-io",
  metric: "diskIo",
  keys: {
    diskReadBps: {
      unit: "bytes/s",
      meaning: "read from all disks, mean since the last look",
      source: PATH,
    },
    diskWriteBps: {
      unit: "bytes/s",
      meaning: "written to all disks, mean since the last look",
      source: PATH,
    },
  },
  open(host) {
    const pace = createPace();
    let before: DiskTraffic = new Map();
    return async ({ monotonicMs }) => {
      const text = await readOptional(host, PATH, LIMIT_BYTES);
      if (text === null) return null;
      const now = parseDiskTraffic(text);
      const gapMs = pace(monotonicMs);
      const earlier = before;
      before = now;
      if (now.size === 0) return null;
      if (gapMs === null) return {};
      const rate = (direction: "read" | "written") =>
        sumPerSecond(earlier, now, [...now.keys()], gapMs, (bytes) => bytes[direction]);
      const [diskReadBps, diskWriteBps] = [rate("read"), rate("written")];
      return {
        ...(diskReadBps === null ? {} : { diskReadBps }),
        ...(diskWriteBps === null ? {} : { diskWriteBps }),
      };
    };
  },
};

/** Bytes since boot, by the disk's name. */
export type DiskTraffic = ReadonlyMap<string, { readonly read: number; readonly written: number }>;

/** @throws AgentError `sensor` */
export function parseDiskTraffic(text: string): DiskTraffic {
  const traffic = new Map<string, { read: number; written: number }>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [, , name = "", ...fields] = line.trim().split(/ +/);
    const [, , sectorsRead, , , , sectorsWritten] = counts(fields) ?? [];
    if (sectorsRead === undefined || sectorsWritten === undefined)
      throw unexpected(PATH, "a disk's counters", line);
    if (!WHOLE_DISK.test(name)) continue;
    traffic.set(name, {
      read: sectorsRead * SECTOR_BYTES,
      written: sectorsWritten * SECTOR_BYTES,
    });
  }
  return traffic;
}
