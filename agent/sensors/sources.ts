import { gapKeys } from "../collectors/agent.ts";
import type { Devices } from "../collectors/collector.ts";
import { openCollectors } from "../collectors/open.ts";
import type { Config } from "../config/config.ts";
import type { Platform } from "../ports.ts";
import type { ListSources, Source } from "../source.ts";
import { gateOf } from "./gate.ts";
import { keysOfUser, openSensors } from "./open.ts";

export interface OpenedSources {
  readonly fixed: readonly Source[];
  /** Channels of chips that are there now and that no entry names. */
  readonly found: ListSources;
  /** Whether a number under this key is a decimal by nature: it is sent as one even when it happens to be whole. */
  isDecimal(key: string): boolean;
}

/**
 * Everything that the configuration wants looked at, on this machine: collectors first, then sensors. A collector's key
 * that an entry sends too is the entry's alone: its user chose it.
 */
export function openSources(
  { system, telemetry, sensors }: Pick<Config, "system" | "telemetry" | "sensors">,
  { host, reader, gpio, log }: Pick<Platform, "host" | "reader" | "gpio" | "log">,
  devices: Omit<Devices, "gate">,
  { tellsGone = false }: { readonly tellsGone?: boolean } = {},
): OpenedSources {
  const intervals = telemetry.other_intervals;
  const automatic = system.metrics.includes("sensors");
  const opened = openSensors(
    { host, reader, gpio, log: log.child("sensors") },
    { sensors, automatic, tellsGone },
  );
  const taken = new Set(keysOfUser(sensors));
  const fixed = [
    ...openCollectors(host, { system, intervals, taken }, { ...devices, gate: gateOf(host) }),
    ...opened.fixed.map((source) => taking(source, taken)),
  ];
  const specs = [gapKeys, ...fixed.map(({ keys }) => keys)].flatMap((keys) => Object.entries(keys));
  const whole = new Set(specs.filter(([, spec]) => spec.whole).map(([key]) => key));
  return { fixed, found: opened.found, isDecimal: (key) => !whole.has(key) };
}

/** What is inside a program's JSON is known once it ran: from then on those keys are taken too. */
const taking = (source: Source, taken: Set<string>): Source => ({
  ...source,
  get keys() {
    return source.keys;
  },
  async collect(look) {
    const readings = await source.collect(look);
    for (const key of Object.keys(readings ?? {})) taken.add(key);
    return readings;
  },
});
