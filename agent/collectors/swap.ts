import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { MEMINFO, meminfoBytes } from "./meminfo.ts";
import { unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

/**
 * Swap in use:
 *
 *     SwapTotal:        524284 kB
 *     SwapFree:         498428 kB
 *
 * A board without swap writes "SwapTotal: 0 kB" and has no such subject.
 */
export const swap: Collector = {
  name: "swap",
  metric: "swap",
  keys: {
    swapUsage: { unit: "%", meaning: "swap in use; absent without swap", source: MEMINFO },
  },
  open: (host) => () => parseOptional(host, MEMINFO, parseSwap),
};

/** @throws AgentError `sensor` */
export function parseSwap(text: string): Readings | null {
  const total = meminfoBytes(text, "SwapTotal");
  const free = meminfoBytes(text, "SwapFree");
  if (total === null || total === 0) return null;
  if (free === null || free > total)
    throw unexpected(MEMINFO, "a plausible size", `SwapFree ${free} of ${total} bytes`);
  return { swapUsage: (100 * (total - free)) / total };
}
