import { andThen } from "../awaitable.ts";
import type { SensorConfig } from "../config/sensor-config.ts";
import { sensorKeys } from "../config/sensor-keys.ts";
import type { Gpio, Host, Logger, ReaderChild } from "../ports.ts";
import type { ListSources, Source } from "../source.ts";
import { discover } from "./discover.ts";
import { execSource } from "./exec.ts";
import { fileSource } from "./file.ts";
import { gpioSource } from "./gpio.ts";
import { createReads, type KernelChannel } from "./kernel-channel.ts";
import { configuredSource, foundSource } from "./kernel-source.ts";
import { freeName } from "./keys.ts";
import { createRegistry, type Registry } from "./registry.ts";

export interface SensorDeps {
  readonly host: Host;
  readonly reader: ReaderChild;
  readonly gpio: Gpio;
  readonly log: Logger;
}

export interface SensorSettings {
  readonly sensors: readonly SensorConfig[];
  /** Send what is on a pluggable bus without being listed. */
  readonly automatic: boolean;
  /** A sensor that is listed and gone is an error, for a person to see; the agent leaves it out, and its log says so. */
  readonly tellsGone?: boolean;
}

export interface Sensors {
  /** One for each enabled entry. */
  readonly fixed: readonly Source[];
  /** One for each automatic channel that no entry names. */
  readonly found: ListSources;
  readonly registry: Registry;
}

/** The sensors of this board: those that the configuration lists, and those that are plugged in. Reads nothing yet. */
export function openSensors(
  deps: SensorDeps,
  { sensors, automatic, tellsGone = false }: SensorSettings,
): Sensors {
  const { host, reader, gpio, log } = deps;
  const reads = createReads(host, reader);
  const registry = createRegistry({ discover: (onClash) => discover(reads, onClash), log });
  const keyOf = createKeys(keysOfUser(sensors), log);
  const named = new Set(sensors.filter(({ type }) => type === "kernel").map(({ id }) => id));

  const open = (config: SensorConfig): Source => {
    switch (config.type) {
      case "kernel":
        return configuredSource(config, registry, keyOf);
      case "gpio":
        return gpioSource(config, gpio);
      case "exec":
        return execSource(config, reader);
      case "file":
        return fileSource(config, { reader });
    }
  };

  const sources = new Map<KernelChannel, Source>();
  const sourceOfFound = (channel: KernelChannel): readonly Source[] => {
    const known = sources.get(channel);
    if (known) return [known];
    const key = keyOf(channel);
    if (key === null) return [];
    const source = foundSource(channel, key, registry, tellsGone);
    sources.set(channel, source);
    return [source];
  };

  const sourcesOf = (channels: readonly KernelChannel[]) => {
    const wanted = channels.filter((channel) => channel.automatic && !named.has(channel.id));
    for (const channel of sources.keys()) if (!channels.includes(channel)) sources.delete(channel);
    return wanted.flatMap(sourceOfFound);
  };

  return {
    fixed: sensors.filter(({ enabled }) => enabled).map(open),
    found(monotonicMs) {
      if (!automatic) return [];
      const channels = registry.channels(monotonicMs);
      return andThen(channels, sourcesOf);
    },
    registry,
  };
}

/** Under names that a person chose. */
export const keysOfUser = (sensors: readonly SensorConfig[]): ReadonlySet<string> =>
  new Set(sensors.filter(({ enabled }) => enabled).flatMap(sensorKeys));

/** The default key of a channel; where the user gave the same to another sensor, the user's stays and this one gets a 2. */
function createKeys(ofUser: ReadonlySet<string>, log: Logger) {
  const warned = new Set<string>();
  return ({ id, key }: KernelChannel): string | null => {
    if (key === null) return null;
    const free = freeName(key, (name) => ofUser.has(name));
    if (free !== key && !warned.has(id)) {
      warned.add(id);
      log.warn("the configuration uses the key of a sensor for another", { sensor: id, key: free });
    }
    return free;
  };
}
