import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { decimal, unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

const PATH = "/proc/loadavg";

/**
 * Tasks that run or wait, averaged over 1, 5 and 15 minutes (proc_loadavg(5)): "0.52 0.58 0.59 2/1234 5678\n".
 * A plain number: 4.0 keeps the four cores of a Pi 4 busy.
 */
export const load: Collector = {
  name: "load",
  metric: "load",
  keys: {
    load1: { unit: "", meaning: "tasks that run or wait, mean of 1 minute", source: PATH },
    load5: { unit: "", meaning: "the same over 5 minutes", source: PATH, optional: true },
    load15: { unit: "", meaning: "the same over 15 minutes", source: PATH, optional: true },
  },
  open: (host) => () => parseOptional(host, PATH, parseLoad),
};

/** @throws AgentError `sensor` */
export function parseLoad(text: string): Readings {
  const [load1 = null, load5 = null, load15 = null] = text.split(" ", 3).map(decimal);
  if (load1 === null || load5 === null || load15 === null || Math.min(load1, load5, load15) < 0)
    throw unexpected(PATH, "load averages", text);
  return { load1, load5, load15 };
}
