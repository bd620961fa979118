import { AgentError } from "../errors.ts";
import type { Reading } from "../ports.ts";
import type { ReadingSpec } from "../source.ts";
import type { SourceLook, TakenSample } from "./take-samples.ts";

interface Row {
  readonly key: string;
  readonly value: string;
  readonly unit: string;
  /** The file it came from, or why there is no value. */
  readonly note: string;
}

/** One line per reading in the order of the sources, then the count: "9 readings, 8 ok, 1 failed, 1.8 ms". */
export function sampleTable({ looks, tookMs }: TakenSample): string {
  const rows = looks.flatMap(rowsOf);
  const failed = rows.filter(({ value }) => value === NO_VALUE).length;
  const widest = (part: keyof Row) => Math.max(0, ...rows.map((row) => row[part].length));
  const [keys, values, units] = [widest("key"), widest("value"), widest("unit")];
  const lines = rows.map(({ key, value, unit, note }) =>
    `${key.padEnd(keys + 2)}${value.padStart(values)} ${unit.padEnd(units)}  ${note}`.trimEnd(),
  );
  const readings = rows.length === 1 ? "1 reading" : `${rows.length} readings`;
  const summary = `${readings}, ${rows.length - failed} ok, ${failed} failed`;
  return [...lines, `${summary}, ${tookMs.toFixed(1)} ms`].join("\n");
}

const NO_VALUE = "–";

function rowsOf({ source, outcome }: SourceLook): readonly Row[] {
  if (outcome === null) return [];
  const { keys } = source;
  if (outcome instanceof AgentError) {
    const { message, hint } = outcome;
    const note = hint === undefined ? message : `${message}; ${hint}`;
    const names = Object.keys(keys);
    return (names.length > 0 ? names : [source.name]).map((key) => ({
      key,
      value: NO_VALUE,
      unit: "",
      note,
    }));
  }
  const declared = Object.keys(keys).filter((key) => outcome[key] !== undefined);
  const others = Object.keys(outcome).filter((key) => keys[key] === undefined);
  return [...declared, ...others].flatMap((key) => {
    const reading = outcome[key];
    const spec = keys[key] ?? { unit: "", source: source.name };
    if (reading === undefined) return [];
    return [{ key, value: shownReading(reading, spec), unit: spec.unit, note: spec.source }];
  });
}

/** For a person: one decimal says enough of a percentage, none of a large number, two of a load of 0.52. */
export function shownReading(reading: Reading, { unit, whole }: ReadingSpec): string {
  if (typeof reading === "string") return reading;
  if (typeof reading !== "number") return JSON.stringify(reading);
  if (whole) return String(reading);
  if (Math.abs(reading) >= 1_000) return reading.toFixed(0);
  return reading.toFixed(unit === "" ? 2 : 1);
}
