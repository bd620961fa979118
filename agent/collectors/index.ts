import type { Collector, CollectorSettings } from "./collector.ts";
import { cpu } from "./cpu.ts";
import { disks } from "./disk.ts";
import { load } from "./load.ts";
import { memory } from "./memory.ts";
import { network } from "./network.ts";
import { swap } from "./swap.ts";
import { thermal } from "./thermal.ts";
import { uptime } from "./uptime.ts";

/** What every machine has: the settings of an empty configuration. */
export const defaultCollectorSettings: CollectorSettings = {
  diskPaths: ["/"],
  networkInterfaces: [],
};

/** All collectors, in the order in which readings are shown. Where one is configured in numbers, one of each. */
export const collectorsFor = (settings: CollectorSettings): readonly Collector[] => [
  cpu,
  thermal,
  load,
  memory,
  swap,
  ...disks(settings.diskPaths),
  network,
  uptime,
];

/** Those of an empty configuration: the manual and the names of metrics are made from them. */
export const collectors: readonly Collector[] = collectorsFor(defaultCollectorSettings);
