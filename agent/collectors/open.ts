import { andThen } from "../awaitable.ts";
import type { Host, Readings } from "../ports.ts";
import { acceptAll, LOOK_DEADLINE_MS, type Source } from "../source.ts";
import type { Collector, Devices } from "./collector.ts";
import { collectorsFor } from "./index.ts";
import { isPattern, nothingToRemember, readFrom, rememberPaths } from "./read-paths.ts";
import { selectCollectors, valuesByKey } from "./select.ts";
import { shareThrottle } from "./share-throttle.ts";

/** As the section [system] of the configuration writes it. */
export interface SystemSettings {
  readonly metrics: readonly string[];
  readonly disk_paths: readonly string[];
  readonly network_interfaces: readonly string[];
}

export interface CollectorOptions {
  readonly system: SystemSettings;
  /** Milliseconds by the name of a key or of a group; a key counts before its group. */
  readonly intervals: Readonly<Record<string, number>>;
  /** Keys that the user gave to something else, now or while the agent runs: not sent from here. */
  readonly taken: ReadonlySet<string>;
}

/**
 * Opens what `[system] metrics` asks for: one source for each collector, or several, because keys of different intervals
 * are looked at apart. Each has baselines of its own, so that a rate is the mean over the interval of its own key.
 */
export function openCollectors(
  host: Host,
  { system, intervals, taken }: CollectorOptions,
  devices: Devices,
): readonly Source[] {
  const settings = { diskPaths: system.disk_paths, networkInterfaces: system.network_interfaces };
  const all = collectorsFor(settings);
  const { collectors, keys } = selectCollectors(all, system.metrics);
  const intervalOf = valuesByKey(intervals);
  const throttle = shareThrottle(devices.throttle);
  return collectors.flatMap((collector) => {
    const chosen = Object.keys(collector.keys).filter((key) => keys.has(key) && !taken.has(key));
    const lanes = Map.groupBy(chosen, (key) => intervalOf(collector, key));
    return [...lanes].map(([intervalMs, names]) => {
      const wanted = new Set(names);
      const isSent = (key: string) => wanted.has(key) && !taken.has(key);
      const latch = throttle();
      const specs = specsOf(collector, names);
      const isFound = Object.values(specs).some(({ source }) => isPattern(source));
      const read = isFound ? rememberPaths(host) : nothingToRemember(host);
      const look = collector.open(read.host, settings, { ...devices, throttle: latch });
      return {
        name: collector.name,
        collect(at) {
          read.begin();
          return andThen(look(at), (readings) => only(isSent, readings));
        },
        intervalMs,
        schedule: null,
        deadlineMs: LOOK_DEADLINE_MS,
        group: null,
        rule: acceptAll,
        get keys() {
          return withFiles(specs, () => [...read.paths(), ...latch.files()]);
        },
      } satisfies Source;
    });
  });
}

const only = (isSent: (key: string) => boolean, readings: Readings | null): Readings | null => {
  for (const key in readings) // no list of keys for what nearly always is sent whole
    if (!isSent(key))
      return Object.fromEntries(Object.entries(readings).filter(([name]) => isSent(name)));
  return readings;
};

const specsOf = ({ keys }: Collector, names: readonly string[]): Source["keys"] =>
  Object.fromEntries(Object.entries(keys).filter(([key]) => names.includes(key)));

/** Where the kernel counts its devices, the files that were read. */
function withFiles(specs: Source["keys"], paths: () => readonly string[]): Source["keys"] {
  if (!Object.values(specs).some(({ source }) => isPattern(source))) return specs;
  const read = paths();
  return Object.fromEntries(
    Object.entries(specs).map(([key, spec]) => [
      key,
      { ...spec, source: readFrom(spec.source, read) },
    ]),
  );
}
