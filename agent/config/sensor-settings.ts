import { durationMs } from "./duration.ts";
import {
  absolutePath,
  command,
  factor,
  lineOfChip,
  pattern,
  schedule,
  someText,
  telemetryKey,
} from "./entry-kinds.ts";
import { decimalNumber, duration } from "./quantity-kinds.ts";
import type { SensorConfig } from "./sensor-config.ts";
import type { Kind } from "./setting.ts";
import { choice, flag } from "./text-kinds.ts";

export type SensorType = SensorConfig["type"];
export const sensorTypes = ["kernel", "gpio", "exec", "file"] as const satisfies SensorType[];

/** A setting of an entry; what is not given has the default. */
export interface EntrySetting<T> {
  readonly kind: Kind<T>;
  /** Undefined: it has to be given. */
  readonly default: T | null | undefined;
  /** What the sample shows, and the manual's example. */
  readonly example: NoInfer<T>;
  readonly meaning: string;
  /** Types that have it; all of them if absent. */
  readonly types?: readonly SensorType[];
}

const entry = <T>(row: EntrySetting<T>): EntrySetting<T> => row;
const format = <const T extends string>(words: readonly T[]) => choice("format", words);

/** Every setting of a [[sensors]] entry but its type, once. */
export const sensorSettings = {
  id: entry({
    kind: someText,
    default: null,
    example: "ds18b20@28-0316a2794eff/temp",
    meaning: "kernel: the channel, see pipit sensors scan; others: a name of yours",
  }),
  key: entry({
    kind: telemetryKey,
    default: null,
    example: "tankTemperature",
    meaning: "the ThingsBoard key, exactly; kernel: may be left out",
  }),
  enabled: entry({
    kind: flag,
    default: true,
    example: true,
    meaning: "false: not read; silences a sensor that is sent by itself",
  }),
  chip: entry({
    kind: someText,
    default: undefined,
    example: "gpiochip0",
    meaning: "name or label of the chip",
    types: ["gpio"],
  }),
  line: entry({
    kind: lineOfChip,
    default: undefined,
    example: 17,
    meaning: 'offset of the line, or its name: "GPIO17"',
    types: ["gpio"],
  }),
  bias: entry({
    kind: choice("bias", ["as-is", "pull-up", "pull-down", "disabled"]),
    default: "as-is",
    example: "pull-up",
    meaning: '"as-is", "pull-up", "pull-down" or "disabled"',
    types: ["gpio"],
  }),
  active_low: entry({
    kind: flag,
    default: false,
    example: false,
    meaning: "true: a low level counts as on",
    types: ["gpio"],
  }),
  edges: entry({
    kind: choice("edge", ["none", "rising", "falling", "both"]),
    default: "none",
    example: "rising",
    meaning: 'counted under the key with "Count": "none", "rising", "falling" or "both"',
    types: ["gpio"],
  }),
  debounce: entry({
    kind: duration(0, durationMs("1s")),
    default: 0,
    example: durationMs("5ms"),
    meaning: "a level must last this long",
    types: ["gpio"],
  }),
  command: entry({
    kind: command,
    default: undefined,
    example: ["/usr/local/bin/ups", "--charge"],
    meaning: "program and arguments; no shell",
    types: ["exec"],
  }),
  path: entry({
    kind: absolutePath,
    default: undefined,
    example: "/run/weather.json",
    meaning: "the file",
    types: ["file"],
  }),
  format: entry({
    kind: format(["number", "json", "keyvalue"]),
    default: "number",
    example: "number",
    meaning: '"number", "json" (one object) or, exec only, "keyvalue" (lines of key=value)',
    types: ["exec", "file"],
  }),
  pattern: entry({
    kind: pattern,
    default: null,
    example: "level: ([0-9.]+)",
    meaning: "regular expression; its first group is the number",
    types: ["file"],
  }),
  interval: entry({
    kind: duration(durationMs("100ms"), durationMs("24h")),
    default: null,
    example: durationMs("10s"),
    meaning: "as [telemetry] interval if not given; exec: 1s or more",
  }),
  schedule: entry({
    kind: schedule,
    default: null,
    example: "0 6 * * *",
    meaning: "cron instead of interval, in local time, 1 minute or more",
  }),
  unit: entry({
    kind: someText,
    default: null,
    example: "°C",
    meaning: "shown by sample; the kernel's if not given",
  }),
  on_change: entry({
    kind: flag,
    default: false,
    example: true,
    meaning: "only a changed value is sent, or after max_silence",
  }),
  factor: entry({
    kind: factor,
    default: 1,
    example: 1,
    meaning: "value x factor + offset",
  }),
  offset: entry({
    kind: decimalNumber(-1e12, 1e12),
    default: 0,
    example: 0,
    meaning: "added after the factor",
  }),
  deadband: entry({
    kind: decimalNumber(0, 1e9),
    default: null,
    example: 0.5,
    meaning: "as [telemetry] deadband if not given",
  }),
  timeout: entry({
    kind: duration(durationMs("100ms"), durationMs("60s")),
    default: null,
    example: durationMs("5s"),
    meaning: "2s if not given; 3s for 1-Wire, 5s for exec",
  }),
} as const;

/** The rows that entries of a type have; all of them without a type. */
export const entryRows = (
  rows: object,
  type?: SensorType,
): readonly (readonly [string, EntrySetting<unknown>])[] =>
  Object.entries<EntrySetting<unknown>>({ ...rows }).filter(
    ([, { types }]) => type === undefined || types === undefined || types.includes(type),
  );

/** Every setting of a [[jobs]] entry, once. */
export const jobSettings = {
  schedule: entry({
    kind: schedule,
    default: undefined,
    example: "0 6 * * *",
    meaning: "cron, in local time, 1 minute or more",
  }),
  run: entry({
    kind: choice("job", ["inventory", "sample"]),
    default: undefined,
    example: "sample",
    meaning: '"sample": look at everything now; "inventory": send the client attributes anew',
  }),
} as const;
