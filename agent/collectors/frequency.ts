import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { scaled, unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

const PATH = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq";

/** Nothing clocks a processor at 100 GHz: more is a fault of the driver. */
const HIGHEST_MHZ = 100_000;

/** Clock of the first processor. The kernel writes kilohertz: "1800000\n" is 1800 MHz. */
export const frequency: Collector = {
  name: "frequency",
  metric: "cpu",
  keys: {
    cpuFrequencyMhz: {
      unit: "MHz",
      meaning: "clock of the first processor",
      source: PATH,
      optional: true,
    },
  },
  open: (host) => () => parseOptional(host, PATH, parseFrequency),
};

/** @throws AgentError `sensor` */
export function parseFrequency(text: string): Readings {
  const megahertz = scaled(text, 1000, 0, HIGHEST_MHZ);
  if (megahertz === null) throw unexpected(PATH, "a frequency in kHz", text);
  return { cpuFrequencyMhz: megahertz };
}
