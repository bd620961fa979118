import type { Collector } from "./collector.ts";

export interface Selection {
  /** Those with at least one key to send. */
  readonly collectors: readonly Collector[];
  /** A reading whose key is not here is not sent. */
  readonly keys: ReadonlySet<string>;
}

/**
 * `metrics` as in [system]: the name of a group gives its default keys, or all of them where it has no default; a key by
 * its name gives that key, on every instance: "inodeUsage" gives usbInodeUsage too.
 */
export function selectCollectors(
  collectors: readonly Collector[],
  metrics: readonly string[],
): Selection {
  const groups = groupsOf(collectors);
  const withDefaults = new Set(collectors.filter(hasDefaults).map(({ metric }) => metric));
  const wanted = new Set(metrics);
  const isNamed = (key: string) =>
    wanted.has(key) || metrics.some((name) => !groups.has(name) && isInstanceOf(key, name));
  const keysOf = ({ metric, keys }: Collector) =>
    Object.entries(keys)
      .filter(
        ([key, { optional }]) =>
          isNamed(key) || (wanted.has(metric) && !(optional && withDefaults.has(metric))),
      )
      .map(([key]) => key);
  return {
    collectors: collectors.filter((collector) => keysOf(collector).length > 0),
    keys: new Set(collectors.flatMap(keysOf)),
  };
}

const hasDefaults = ({ keys }: Collector) => Object.values(keys).some(({ optional }) => !optional);

/** A second instance puts its name before the quantity. */
const isInstanceOf = (key: string, quantity: string) =>
  key.endsWith(quantity.charAt(0).toUpperCase() + quantity.slice(1));

/**
 * What a table of names says about a key of a collector: by the key's own name first, then by the quantity of which it is
 * an instance, then by its group: `{ disk: 3600000, diskUsage: 60000 }` says 60000 for usbDiskUsage.
 */
export function valuesByKey<T>(
  collectors: readonly Collector[],
  table: Readonly<Record<string, T>>,
): (collector: Collector, key: string) => T | null {
  const groups = groupsOf(collectors);
  const quantities = Object.keys(table).filter((name) => !groups.has(name));
  return ({ metric }, key) => {
    const quantity = quantities.find((name) => isInstanceOf(key, name));
    return table[key] ?? table[quantity ?? metric] ?? null;
  };
}

const groupsOf = (collectors: readonly Collector[]) =>
  new Set(collectors.map(({ metric }) => metric));

/** Every name that `[system] metrics` may hold: the groups, then the single keys. */
export function metricNames(collectors: readonly Collector[]): readonly string[] {
  const groups = collectors.map(({ metric }) => metric);
  const keys = collectors.flatMap((collector) => Object.keys(collector.keys));
  return [...new Set([...groups, ...keys])];
}
