import { agent } from "./agent.ts";
import type { Collector, CollectorSettings } from "./collector.ts";
import { cpu } from "./cpu.ts";
import { disks } from "./disk.ts";
import { diskIo } from "./disk-io.ts";
import { fan } from "./fan.ts";
import { frequency } from "./frequency.ts";
import { load } from "./load.ts";
import { memory } from "./memory.ts";
import { network } from "./network.ts";
import { power } from "./power.ts";
import { pressure } from "./pressure.ts";
import { root } from "./root.ts";
import { rtc } from "./rtc.ts";
import { sd } from "./sd.ts";
import { swap } from "./swap.ts";
import { thermal } from "./thermal.ts";
import { throttle } from "./throttle.ts";
import { uptime } from "./uptime.ts";
import { wifi } from "./wifi.ts";

/** What every machine has: the settings of an empty configuration. */
export const defaultCollectorSettings: CollectorSettings = {
  diskPaths: ["/"],
  networkInterfaces: [],
};

/** All collectors, in the order in which readings are shown. Where one is configured in numbers, one of each. */
export const collectorsFor = (settings: CollectorSettings): readonly Collector[] => [
  cpu,
  frequency,
  thermal,
  load,
  memory,
  swap,
  pressure,
  ...disks(settings.diskPaths),
  root,
  diskIo,
  sd,
  network,
  wifi,
  uptime,
  throttle,
  power,
  fan,
  rtc,
  agent,
];

/** Those of an empty configuration: the manual and the names of metrics are made from them. */
export const collectors: readonly Collector[] = collectorsFor(defaultCollectorSettings);
