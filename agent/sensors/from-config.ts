import type { SensorConfig } from "../config/sensor-config.ts";
import type { Collect } from "../ports.ts";
import type { ReadingSpec, Source } from "../source.ts";

/** What a sensor adds to its entry in the configuration. */
export interface SensorParts {
  /** As log lines name it: "exec upsCharge". */
  readonly name: string;
  readonly group: string | null;
  readonly deadlineMs: number;
  readonly keys: Readonly<Record<string, ReadingSpec>>;
  readonly collect: Collect;
}

/** The source of one [[sensors]] entry: its pace and its rule are those of the entry. */
export const sourceOf = (
  { interval, schedule, deadband, on_change: onChange }: SensorConfig,
  parts: SensorParts,
): Source => ({ ...parts, intervalMs: interval, schedule, rule: { deadband, onChange } });
