import type { Collector } from "../collectors/collector.ts";
import { metricNames, selectCollectors } from "../collectors/select.ts";
import { nearest } from "../config/nearest.ts";
import type { Source } from "../source.ts";
import { UsageError } from "./command.ts";

/** Names that stand for all sensors of the board. */
const SENSORS = "sensors";

export interface Choice {
  /** As `[system] metrics`: what the collectors shall give. */
  readonly metrics: readonly string[];
  /** Which of the sensors. */
  isWanted(sensor: Source): boolean;
}

/**
 * What `pipit sample NAME…` looks at: for each name the collector of that name, else the collectors of that group, else
 * the one that has this key, else the sensor of that id or key. Without names: what the configuration sends.
 * @throws UsageError for a name that nothing has
 */
export function chooseSources(
  collectors: readonly Collector[],
  metrics: readonly string[],
  sensors: readonly Source[],
  names: readonly string[],
): Choice {
  if (names.length === 0) return { metrics, isWanted: () => true };
  const isNamed = (sensor: Source, name: string) =>
    name === SENSORS || sensor.name === name || Object.hasOwn(sensor.keys, name);
  const chosen = names.flatMap((name) => {
    const own = metricsOf(collectors, metrics, name);
    if (own.length > 0) return own;
    if (name === SENSORS || sensors.some((sensor) => isNamed(sensor, name))) return [];
    throw new UsageError(unknownName(collectors, sensors, name));
  });
  // A key of a collector may be one that the user gave to a sensor.
  const hasChosen = ({ keys }: Source) => chosen.some((key) => Object.hasOwn(keys, key));
  return {
    metrics: chosen,
    isWanted: (sensor) => hasChosen(sensor) || names.some((name) => isNamed(sensor, name)),
  };
}

/** Keys by their names. What is named is shown, whether or not the configuration sends it; its optional keys only if it does. */
function metricsOf(
  collectors: readonly Collector[],
  metrics: readonly string[],
  name: string,
): readonly string[] {
  const named = collectors.filter((collector) => collector.name === name);
  const groups = named.map(({ metric }) => metric);
  const selection =
    named.length > 0
      ? selectCollectors(named, [...metrics, ...groups])
      : selectCollectors(collectors, [name]);
  return [...selection.keys];
}

function unknownName(
  collectors: readonly Collector[],
  sensors: readonly Source[],
  name: string,
): string {
  const known = [...collectors, ...sensors].map((one) => one.name);
  const meant = nearest(name, [...new Set([...known, ...metricNames(collectors)])]);
  const hint = meant === null ? "" : `did you mean "${meant}"? `;
  return `"${name}" is neither a collector nor a sensor; ${hint}One of: ${known.join(", ")}`;
}
