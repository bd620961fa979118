import type { KeySpec } from "../collectors/collector.ts";
import type { Selection } from "../collectors/select.ts";
import type { Reading } from "../ports.ts";
import type { TakenSample } from "./take-samples.ts";

interface Row {
  readonly key: string;
  readonly value: string;
  /** The unit, or why there is no value. */
  readonly note: string;
}

/** One line per reading in the order of the collectors, then the count: "9 readings, 8 ok, 1 failed, 1.8 ms". */
export function sampleTable(sample: TakenSample, { collectors, keys }: Selection): string {
  const rows: Row[] = [];
  let failed = 0;
  for (const collector of collectors) {
    const failure = sample.failures.get(collector);
    for (const [key, spec] of Object.entries(collector.keys)) {
      const reading = sample.readings[key];
      if (reading !== undefined) rows.push({ key, value: shown(reading, spec), note: spec.unit });
      else if (failure && keys.has(key)) {
        failed++;
        const hint = failure.hint === undefined ? "" : `; ${failure.hint}`;
        rows.push({ key, value: "–", note: `      ${failure.message}${hint}` });
      }
    }
  }
  const keyWidth = Math.max(0, ...rows.map(({ key }) => key.length)) + 2;
  const valueWidth = Math.max(0, ...rows.map(({ value }) => value.length));
  const lines = rows.map(({ key, value, note }) =>
    `${key.padEnd(keyWidth)}${value.padStart(valueWidth)} ${note}`.trimEnd(),
  );
  const readings = rows.length === 1 ? "1 reading" : `${rows.length} readings`;
  const summary = `${readings}, ${rows.length - failed} ok, ${failed} failed`;
  return [...lines, `${summary}, ${sample.tookMs.toFixed(1)} ms`].join("\n");
}

/** For a person: one decimal says enough of a percentage, none of a large number, two of a load of 0.52. */
function shown(reading: Reading, { unit, whole }: KeySpec): string {
  if (typeof reading === "string") return reading;
  if (typeof reading !== "number") return JSON.stringify(reading);
  if (whole) return String(reading);
  if (Math.abs(reading) >= 1_000) return reading.toFixed(0);
  return reading.toFixed(unit === "" ? 2 : 1);
}
