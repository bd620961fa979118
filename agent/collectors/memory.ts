import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { MEMINFO, meminfoBytes } from "./meminfo.ts";
import { unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

/**
 * Memory that programs could still get, by the kernel's own estimate:
 *
 *     MemTotal:        3884336 kB
 *     MemAvailable:    2680192 kB
 *
 * "Total less free" would count the page cache as used, wrong by gigabytes.
 */
export const memory: Collector = {
  name: "memory",
  metric: "memory",
  keys: {
    memoryUsage: { unit: "%", meaning: "memory that programs cannot get", source: MEMINFO },
    memoryAvailableMb: {
      unit: "MB",
      meaning: "memory that programs could still get",
      source: MEMINFO,
    },
  },
  open: (host) => () => parseOptional(host, MEMINFO, parseMemory),
};

/**
 * Nothing where MemAvailable is missing (before Linux 3.14): MemFree would be another quantity under the same name.
 * @throws AgentError `sensor`
 */
export function parseMemory(text: string): Readings {
  const total = meminfoBytes(text, "MemTotal");
  const available = meminfoBytes(text, "MemAvailable");
  if (total === null) throw unexpected(MEMINFO, "memory sizes", text);
  if (available === null) return {};
  if (total === 0 || available > total)
    throw unexpected(MEMINFO, "a plausible size", `MemAvailable ${available} of ${total} bytes`);
  return { memoryUsage: (100 * (total - available)) / total, memoryAvailableMb: available / 1e6 };
}
