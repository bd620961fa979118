import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { counts, unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

const PATH = "/proc/stat";

/** user to steal; guest and guest_nice are already inside user and nice. */
const TICKS = /^cpu +(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)(?: \d+)*(?:\n|$)/;

/**
 * How busy the processors are, all together, since the last look. The kernel counts clock ticks since boot (proc_stat(5)):
 *
 *     cpu  4987 0 2398 197412 389 0 143 51 0 0
 *          user nice system idle iowait irq softirq steal guest guest_nice
 *
 * A card that stalls shows as iowait, not as busy. In a container these are the figures of the host.
 */
export const cpu: Collector = {
  name: "cpu",
  metric: "cpu",
  keys: {
    cpuUsage: { unit: "%", meaning: "processors busy, all together", source: PATH },
    cpuIowait: {
      unit: "%",
      meaning: "processors idle while a disk or card keeps a program waiting",
      source: PATH,
      optional: true,
    },
    cpuSteal: {
      unit: "%",
      meaning: "taken by the host of a virtual machine",
      source: PATH,
      optional: true,
    },
  },
  open(host) {
    let before: CpuTicks | null = null;
    const sharesAt = (text: string) => {
      const now = parseCpuTicks(text);
      const readings = before ? cpuShares(before, now) : {};
      before = now;
      return readings;
    };
    return () => parseOptional(host, PATH, sharesAt);
  },
};

export interface CpuTicks {
  readonly total: number;
  readonly idle: number;
  readonly iowait: number;
  readonly steal: number;
}

/** @throws AgentError `sensor` */
export function parseCpuTicks(text: string): CpuTicks {
  const ticks = counts(TICKS.exec(text)?.slice(1) ?? []);
  if (ticks === null || ticks.length === 0)
    throw unexpected(PATH, "a line of CPU ticks", text.split("\n", 1)[0] ?? "");
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { total, idle: ticks[3] ?? 0, iowait: ticks[4] ?? 0, steal: ticks[7] ?? 0 };
}

/** Nothing when no time passed, or time ran backwards as it may after hotplug of a processor. */
export function cpuShares(before: CpuTicks, now: CpuTicks): Readings {
  const total = now.total - before.total;
  if (total <= 0) return {};
  // idle and iowait may step back a little: hence the clamp
  const share = (ticks: number) => Math.min(100, Math.max(0, (100 * ticks) / total));
  const idle = now.idle - before.idle;
  const iowait = now.iowait - before.iowait;
  return {
    cpuUsage: share(total - idle - iowait),
    cpuIowait: share(iowait),
    cpuSteal: share(now.steal - before.steal),
  };
}
