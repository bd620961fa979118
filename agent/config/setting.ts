import type { GenericSchema } from "valibot";

/** Names that only the caller knows: configuration may not import the collectors. */
export interface KnownNames {
  /** Groups and single keys that `[system] metrics` may name. */
  readonly metricNames: readonly string[];
  /** What is wrong with a cron expression, and what to write instead; null when nothing is. */
  schedule(text: string): string | null;
  /** Telemetry keys that the board sends by itself with these settings. */
  sentKeys(system: {
    readonly metrics: readonly string[];
    readonly disk_paths: readonly string[];
    readonly network_interfaces: readonly string[];
  }): ReadonlySet<string>;
}

/** How a value is read, written and described; one for each sort of value. */
export interface Kind<T> {
  /** For the manual: "duration, 1s to 24h". */
  readonly description: string;
  /** Its issues say what is wrong and what to write instead: `needs a unit; write "10s"`. */
  schema(known: KnownNames): GenericSchema<unknown, T>;
  /** What TOML would have given for the text of an environment variable or an option. */
  fromText(text: string): unknown;
  /** As a TOML value: `"60s"`. */
  toToml(value: T): string;
  /** Where TOML and JSON differ: as JSON, with units. */
  toJson?(value: T): unknown;
}

export interface Setting<T> {
  readonly kind: Kind<T>;
  readonly default: NoInfer<T>;
  /** One line: the comment in the sample. */
  readonly meaning: string;
  /** More, for the manual. */
  readonly details?: string;
  /** Instead of a default that means "none": what the sample shows. */
  readonly example?: NoInfer<T>;
  /** Never printed, and left out of last-good.toml. */
  readonly secret?: true;
}

/** Keeps the type of the value while the table is written down. */
export const setting = <T>(row: Setting<T>): Setting<T> => row;
