import { AgentError } from "../errors.ts";
import type { Reading } from "../ports.ts";
import { type SerialiseOptions, writeReading } from "../thingsboard/serialise.ts";
import { aligned } from "./align.ts";
import type { SourceLook, TakenSample } from "./take-samples.ts";

interface Row {
  readonly key: string;
  readonly value: string;
  readonly unit: string;
  /** The file it came from, or why there is no value. */
  readonly note: string;
}

/** One line per reading in the order of the sources, then the count: "9 readings, 8 ok, 1 failed, 1.8 ms". */
export function sampleTable({ looks, tookMs }: TakenSample, options: SerialiseOptions): string {
  const rows = looks.flatMap((look) => rowsOf(look, options));
  const failed = rows.filter(({ value }) => value === NO_VALUE).length;
  const widest = (part: "key" | "unit") => Math.max(0, ...rows.map((row) => row[part].length));
  const [keys, units] = [widest("key"), widest("unit")];
  const values = aligned(rows.map(({ value }) => value));
  const lines = rows.map(({ key, unit, note }, index) =>
    `${key.padEnd(keys + 2)}${values[index]} ${unit.padEnd(units)}  ${note}`.trimEnd(),
  );
  const readings = rows.length === 1 ? "1 reading" : `${rows.length} readings`;
  const summary = `${readings}, ${rows.length - failed} ok, ${failed} failed`;
  return [...lines, `${summary}, ${tookMs.toFixed(1)} ms`].join("\n");
}

const NO_VALUE = "–";

function rowsOf({ source, outcome }: SourceLook, options: SerialiseOptions): readonly Row[] {
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
    const shown = shownReading(key, reading, options);
    if ("refused" in shown)
      return [{ key, value: NO_VALUE, unit: "", note: `not sent: ${shown.refused}` }];
    return [{ key, value: shown.text, unit: spec.unit, note: spec.source }];
  });
}

/** What would be sent, a text without its quotes; or why nothing is. */
export function shownReading(
  key: string,
  reading: Reading,
  options: SerialiseOptions,
): { readonly text: string } | { readonly refused: string } {
  const written = writeReading(key, reading, options);
  if (typeof written !== "string") return written;
  return { text: typeof reading === "string" ? String(JSON.parse(written)) : written };
}
