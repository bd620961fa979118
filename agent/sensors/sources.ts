import { gapKeys } from "../collectors/agent.ts";
import type { Devices } from "../collectors/collector.ts";
import { openCollectors } from "../collectors/open.ts";
import type { Config } from "../config/config.ts";
import type { Platform } from "../ports.ts";
import type { ListSources, Source } from "../source.ts";
import { openSensors } from "./open.ts";

export interface OpenedSources {
  readonly fixed: readonly Source[];
  /** Channels of chips that are there now and that no entry names. */
  readonly found: ListSources;
  /** Whether a number under this key is a decimal by nature: it is sent as one even when it happens to be whole. */
  isDecimal(key: string): boolean;
}

/** Everything that the configuration wants looked at, on this machine: collectors first, then sensors. */
export function openSources(
  { system, telemetry, sensors }: Pick<Config, "system" | "telemetry" | "sensors">,
  { host, reader, gpio, log }: Pick<Platform, "host" | "reader" | "gpio" | "log">,
  devices: Devices,
): OpenedSources {
  const intervals = telemetry.other_intervals;
  const automatic = system.metrics.includes("sensors");
  const opened = openSensors(
    { host, reader, gpio, log: log.child("sensors") },
    { sensors, automatic },
  );
  const fixed = [...openCollectors(host, { system, intervals }, devices), ...opened.fixed];
  const specs = [gapKeys, ...fixed.map(({ keys }) => keys)].flatMap((keys) => Object.entries(keys));
  const whole = new Set(specs.filter(([, spec]) => spec.whole).map(([key]) => key));
  return { fixed, found: opened.found, isDecimal: (key) => !whole.has(key) };
}
