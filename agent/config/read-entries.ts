import * as v from "valibot";
import type { ListName } from "./list-names.ts";
import { nearest } from "./nearest.ts";
import type { Place, Problem } from "./problem.ts";
import { quote } from "./quote.ts";
import { quoteName } from "./secrecy.ts";
import type { JobConfig, SensorConfig } from "./sensor-config.ts";
import { contradiction, withId } from "./sensor-rules.ts";
import {
  type EntrySetting,
  entryRows,
  jobSettings,
  type SensorType,
  sensorSettings,
  sensorTypes,
} from "./sensor-settings.ts";
import type { KnownNames } from "./setting.ts";

type Table = Readonly<Record<string, unknown>>;

/** One entry as its file gives it. */
export interface RawEntry {
  readonly list: ListName;
  readonly source: string;
  readonly values: Table;
  /** Of the header, or of the value of one setting. */
  place(setting?: string): Place | null;
  /** Of the name of a setting. */
  namePlace(setting: string): Place | null;
}

export interface CheckedEntries {
  /** With where each stands: a later entry of the same id takes its place. */
  readonly sensors: readonly { readonly config: SensorConfig; readonly raw: RawEntry }[];
  readonly jobs: readonly JobConfig[];
  readonly problems: readonly Problem[];
}

type Rows = Readonly<Record<string, EntrySetting<unknown>>>;

/** Looks at every entry: one with an error does not count, and the others do. */
export function checkEntries(entries: readonly RawEntry[], known: KnownNames): CheckedEntries {
  const problems: Problem[] = [];
  const sensors = entries.flatMap((raw) => {
    if (raw.list !== "sensors") return [];
    const config = checkSensor(raw, known, problems);
    return config === null ? [] : [{ config, raw }];
  });
  const jobs = entries.flatMap((raw) => {
    if (raw.list !== "jobs") return [];
    const values = checkValues(raw, rowsOf(jobSettings), known, problems);
    return values === null ? [] : [values as JobConfig];
  });
  return { sensors, jobs, problems };
}

/** Null when it is wrong; then the sensor is off. */
function checkSensor(raw: RawEntry, known: KnownNames, problems: Problem[]): SensorConfig | null {
  const { type = "kernel", ...given } = raw.values;
  const report = (place: Place | null, message: string) => {
    problems.push({ severity: "error", source: raw.source, place, message });
    return null;
  };
  const sensorType = sensorTypes.find((name) => name === type);
  if (sensorType === undefined) {
    const message = `type = ${quote(type)}: not a sensor type; one of ${sensorTypes.join(", ")}`;
    return report(raw.place("type"), message);
  }
  const rows = rowsOf(sensorSettings, sensorType);
  const values = checkValues({ ...raw, values: given }, rows, known, problems, sensorType);
  if (values === null) return null;
  const sensor = withId({ ...values, type: sensorType } as SensorConfig);
  const wrong = contradiction(sensor);
  return wrong === null ? sensor : report(raw.place(wrong.at), wrong.message);
}

const rowsOf = (rows: object, type?: SensorType): Rows => Object.fromEntries(entryRows(rows, type));

/** The values of an entry, with the defaults of those that are not given; null when one is wrong or missing. */
function checkValues(
  raw: RawEntry,
  rows: Rows,
  known: KnownNames,
  problems: Problem[],
  type?: SensorType,
): Readonly<Record<string, unknown>> | null {
  const { source, values } = raw;
  const names = Object.keys(rows);
  let wrong = false;
  const fail = (place: Place | null, message: string) => {
    wrong = true;
    problems.push({ severity: "error", source, place, message });
  };
  for (const name of Object.keys(values)) {
    if (names.includes(name)) continue;
    const message = unknownSetting(raw.list, name, names, type);
    problems.push({ severity: "warning", source, place: raw.namePlace(name), message });
  }
  const checked = Object.entries(rows).map(([name, row]) => {
    const given = Object.hasOwn(values, name) ? values[name] : undefined;
    if (given === undefined) {
      if (row.default === undefined) {
        const like = `${name} = ${row.kind.toToml(row.example)}`;
        fail(raw.place(), `${name} is missing here; add it, like: ${like}`);
      }
      return [name, row.default];
    }
    const { success, output, issues } = v.safeParse(row.kind.schema(known), given);
    if (!success) fail(raw.place(name), `${name} = ${quote(given)}: ${issues[0].message}`);
    return [name, output];
  });
  return wrong ? null : Object.fromEntries(checked);
}

function unknownSetting(
  list: ListName,
  name: string,
  names: readonly string[],
  type: SensorType | undefined,
): string {
  const other = new Map<string, EntrySetting<unknown>>(Object.entries(sensorSettings)).get(name);
  if (list === "sensors" && other?.types)
    return `${name} belongs to type ${other.types.join(" and ")}, and this is ${type}; remove it`;
  const meant = nearest(name, ["type", ...names]);
  const fix = meant ? `did you mean "${meant}"?` : `one of ${names.join(", ")}`;
  return `unknown setting ${quoteName(name)} in [[${list}]]; ${fix}`;
}
