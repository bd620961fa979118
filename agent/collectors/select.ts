import type { Collector } from "./collector.ts";

export interface Selection {
  /** Those with at least one key to send. */
  readonly collectors: readonly Collector[];
  /** A reading whose key is not here is not sent. */
  readonly keys: ReadonlySet<string>;
}

/**
 * `metrics` as in [system]: the name of a group gives its default keys, a key by its name gives that key, on every
 * instance: "inodeUsage" gives usbInodeUsage too.
 */
export function selectCollectors(
  collectors: readonly Collector[],
  metrics: readonly string[],
): Selection {
  const wanted = new Set(metrics);
  const isNamed = (key: string) => metrics.some((name) => isInstanceOf(key, name));
  const keysOf = ({ metric, keys }: Collector) =>
    Object.entries(keys)
      .filter(([key, spec]) => isNamed(key) || (!spec.optional && wanted.has(metric)))
      .map(([key]) => key);
  return {
    collectors: collectors.filter((collector) => keysOf(collector).length > 0),
    keys: new Set(collectors.flatMap(keysOf)),
  };
}

/** A second instance puts its name before the quantity. */
const isInstanceOf = (key: string, quantity: string) =>
  key === quantity || key.endsWith(quantity.charAt(0).toUpperCase() + quantity.slice(1));

/** Every name that `[system] metrics` may hold: the groups, then the single keys. */
export function metricNames(collectors: readonly Collector[]): readonly string[] {
  const groups = collectors.map(({ metric }) => metric);
  const keys = collectors.flatMap((collector) => Object.keys(collector.keys));
  return [...new Set([...groups, ...keys])];
}
