import type { Collector, KeySpec } from "./collector.ts";

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
  const withDefaults = new Set(collectors.filter(hasDefaults).map(({ metric }) => metric));
  const wanted = new Set(metrics);
  const isNamed = (key: string, { quantity }: KeySpec) =>
    wanted.has(key) || (quantity !== undefined && wanted.has(quantity));
  const keysOf = ({ metric, keys }: Collector) =>
    Object.entries(keys)
      .filter(
        ([key, spec]) =>
          isNamed(key, spec) ||
          (wanted.has(metric) && !(spec.optional && withDefaults.has(metric))),
      )
      .map(([key]) => key);
  return {
    collectors: collectors.filter((collector) => keysOf(collector).length > 0),
    keys: new Set(collectors.flatMap(keysOf)),
  };
}

const hasDefaults = ({ keys }: Collector) => Object.values(keys).some(({ optional }) => !optional);

/**
 * What a table of names says about a key of a collector: by the key's own name first, then by the quantity of which it is
 * an instance, then by its group: `{ disk: 3600000, diskUsage: 60000 }` says 60000 for usbDiskUsage.
 */
export const valuesByKey =
  <T>(table: Readonly<Record<string, T>>) =>
  ({ metric, keys }: Collector, key: string): T | null =>
    table[key] ?? table[keys[key]?.quantity ?? key] ?? table[metric] ?? null;

/** Every name that `[system] metrics` may hold: the groups, then the single keys. */
export function metricNames(collectors: readonly Collector[]): readonly string[] {
  const groups = collectors.map(({ metric }) => metric);
  const keys = collectors.flatMap((collector) => Object.keys(collector.keys));
  return [...new Set([...groups, ...keys])];
}
