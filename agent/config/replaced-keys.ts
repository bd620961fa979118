import type { Problem } from "./problem.ts";
import type { CheckedEntries } from "./read-entries.ts";
import { sensorKeys } from "./sensor-keys.ts";

/** The user's own key wins; but whoever did not mean to replace a reading of the board is to know. */
export const replacedKeys = (
  sensors: CheckedEntries["sensors"],
  sent: ReadonlySet<string>,
): readonly Problem[] =>
  sensors
    .filter(({ config }) => config.enabled)
    .flatMap(({ config, raw }) =>
      sensorKeys(config)
        .filter((key) => sent.has(key))
        .map((key) => ({
          severity: "warning",
          source: raw.source,
          place: raw.place("key"),
          message: `key "${key}" is that of a reading of the board, which this sensor replaces; to have both choose another`,
        })),
    );
