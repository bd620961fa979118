import type { Json, Reading, Sample } from "../ports.ts";

/** ThingsBoard keeps 255 characters; a shorter bound keeps a batch in one datagram. */
const KEY = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** At the top level `{"ts":…,"values":…}` is a record, not two keys. */
const RESERVED = new Set(["ts", "values"]);
const LONGEST_TEXT = 8_192;
const LARGEST_INT64 = 2 ** 63;
/** What ThingsBoard casts to a number: `"1.10"` would be stored as 1.1, `"0012"` as 12. */
const LOOKS_NUMERIC = /^-?\p{Nd}*\.?\p{Nd}+$/u;

export interface SerialiseOptions {
  /** Decimals kept. More than 16 would be stored as a string. */
  readonly precision: number;
  /** Whether a key is a decimal by nature: then 48 is written "48.0", so that a key never changes its type. */
  isDecimal(key: string): boolean;
}

export interface Refusal {
  readonly key: string;
  readonly reason: string;
}

export interface Serialised {
  /** `{"ts":1795341600000,"values":{…}}`; null when no reading is left: `{}` is answered 2.01 and stored nowhere. */
  readonly text: string | null;
  readonly refused: readonly Refusal[];
}

/** Data points as they are written, `"cpuTempC":48.3`, each at the index of its key. */
export interface Members {
  readonly keys: readonly string[];
  readonly texts: readonly string[];
  readonly refused: readonly Refusal[];
}

/** The one place where readings become JSON, so that ThingsBoard's number and string traps are met in one place. */
export function serialiseReadings({ ts, readings }: Sample, options: SerialiseOptions): Members {
  const keys: string[] = [];
  const texts: string[] = [];
  const refused: Refusal[] = [];
  const hasTime = Number.isSafeInteger(ts) && ts > 0;
  for (const key of Object.keys(readings)) {
    const written = hasTime
      ? writeReading(key, readings[key] as Reading, options)
      : { refused: "it has no time" };
    if (typeof written === "string") {
      keys.push(key);
      texts.push(`"${key}":${written}`); // a usable key has nothing to escape
    } else refused.push({ key, reason: written.refused });
  }
  return { keys, texts, refused };
}

export const recordOf = (ts: number, texts: readonly string[]): string =>
  `{"ts":${ts},"values":{${texts.join(",")}}}`;

export function serialiseSample(sample: Sample, options: SerialiseOptions): Serialised {
  const { texts, refused } = serialiseReadings(sample, options);
  return { text: texts.length > 0 ? recordOf(sample.ts, texts) : null, refused };
}

/** One reading as JSON, or why it is not sent. */
export function writeReading(
  key: string,
  reading: Reading,
  { precision, isDecimal }: SerialiseOptions,
): string | { refused: string } {
  const refused = usable.has(key) ? null : judgeKey(key);
  if (refused !== null) return { refused };
  switch (typeof reading) {
    case "boolean":
      return String(reading);
    case "number":
      return writeNumber(reading, precision, isDecimal(key));
    case "string":
      return writeText(reading);
    default:
      return writeNested(reading);
  }
}

/** The same few keys come at every beat; programs may invent new ones for ever. */
const usable = new Set<string>();
const MOST_USABLE = 1_000;

function judgeKey(key: string): string | null {
  if (!KEY.test(key)) return "not a usable key: a letter, then letters, digits, _";
  if (RESERVED.has(key)) return "the names ts and values are ThingsBoard's own";
  if (usable.size >= MOST_USABLE) usable.clear();
  usable.add(key);
  return null;
}

function writeNumber(value: number, precision: number, decimal: boolean) {
  if (!Number.isFinite(value)) return { refused: `${value} is not a number JSON can carry` };
  if (Math.abs(value) >= LARGEST_INT64) return { refused: "beyond 64 bits, stored as a string" };
  const scale = 10 ** precision;
  const scaled = value * scale;
  // Beyond 2^53 rounding could only add noise: such a number has no decimals to lose.
  const rounded = Math.abs(scaled) < Number.MAX_SAFE_INTEGER ? Math.round(scaled) / scale : value;
  if (!Number.isInteger(rounded)) return String(rounded);
  // Beyond 2^53 the shortest digits are not the exact ones. Below 2^63 there is no "1e+21", and never is "-0" written.
  const digits = String(Number.isSafeInteger(rounded) ? rounded : BigInt(rounded));
  return decimal ? `${digits}.0` : digits;
}

/** One character that is no digit keeps a serial number or a version a string: "v13.10". */
function writeText(value: string) {
  if (value.length > LONGEST_TEXT) return { refused: `longer than ${LONGEST_TEXT} characters` };
  return JSON.stringify(LOOKS_NUMERIC.test(value) ? `v${value}` : value);
}

function writeNested(value: Json) {
  if (!isPlainJson(value, 0)) return { refused: "nested too deep, or not JSON" };
  const text = JSON.stringify(value);
  return text.length > LONGEST_TEXT ? { refused: `longer than ${LONGEST_TEXT} characters` } : text;
}

const DEEPEST = 16;

function isPlainJson(value: Json | undefined, depth: number): boolean {
  if (depth > DEEPEST || value === undefined) return false;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every((inner) => isPlainJson(inner, depth + 1));
}
