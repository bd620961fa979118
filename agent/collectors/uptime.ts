import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { decimal, unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

const PATH = "/proc/uptime";

/** Whole seconds since boot (proc_uptime(5)): "86417.36 341250.11\n" is 86417 s; the second figure is idle time. */
export const uptime: Collector = {
  name: "uptime",
  metric: "uptime",
  keys: {
    uptime: { unit: "s", meaning: "time since boot", source: PATH, whole: true },
  },
  open: (host) => () => parseOptional(host, PATH, parseUptime),
};

/** @throws AgentError `sensor` */
export function parseUptime(text: string): Readings {
  const [seconds = null, idle = null] = text.split(" ").map(decimal);
  if (seconds === null || idle === null || seconds < 0 || seconds > Number.MAX_SAFE_INTEGER)
    throw unexpected(PATH, "seconds since boot", text);
  return { uptime: Math.floor(seconds) };
}
