import type { Problem } from "./problem.ts";
import type { CheckedEntries } from "./read-entries.ts";
import type { SensorConfig } from "./sensor-config.ts";
import { sensorKeys } from "./sensor-keys.ts";

/** Any number of sensors is a mistake, or an attack on the board's memory. */
const MOST_SENSORS = 500;

/** All files together: a later entry of an id takes the place of an earlier one, and no two have one key. */
export function mergeSensors(checked: CheckedEntries["sensors"]): {
  readonly sensors: CheckedEntries["sensors"];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const byId = new Map<string, CheckedEntries["sensors"][number]>();
  for (const one of checked) {
    byId.delete(one.config.id);
    byId.set(one.config.id, one);
  }
  const byKey = new Map<string, SensorConfig>();
  const sensors = [...byId.values()].filter(({ config, raw }, index) => {
    const report = (at: string, message: string) => {
      problems.push({ severity: "error", source: raw.source, place: raw.place(at), message });
      return false;
    };
    if (index >= MOST_SENSORS)
      return report("", `more than ${MOST_SENSORS} sensors; this one is off, remove some`);
    if (!config.enabled) return true;
    const keys = sensorKeys(config);
    for (const key of keys) {
      const other = byKey.get(key);
      if (other)
        return report("key", `key "${key}" is that of ${other.id} already; choose another`);
    }
    for (const key of keys) byKey.set(key, config);
    return true;
  });
  return { sensors, problems };
}
