import * as all from "./all.ts";
import type { Collector, CollectorSettings } from "./collector.ts";
import { disks } from "./disk.ts";

/** What every machine has: the settings of an empty configuration. */
export const defaultCollectorSettings: CollectorSettings = {
  diskPaths: ["/"],
  networkInterfaces: [],
};

/** Groups in the order in which a person looks for them; one that is not here comes last. */
const GROUPS = [
  ...["cpu", "load", "memory", "swap", "pressure", "disk", "diskIo", "sd"],
  ...["network", "wifi", "uptime", "pi", "fan", "agent"],
];
const place = ({ metric }: Collector): number => {
  const index = GROUPS.indexOf(metric);
  return index < 0 ? GROUPS.length : index;
};

/** All collectors, in the order in which readings are shown. Where one is configured in numbers, one of each. */
export const collectorsFor = (settings: CollectorSettings): readonly Collector[] =>
  [...disks(settings.diskPaths), ...Object.values<Collector>(all)].sort(
    (a, b) => place(a) - place(b),
  );

/** Those of an empty configuration: the manual and the names of metrics are made from them. */
export const collectors: readonly Collector[] = collectorsFor(defaultCollectorSettings);
