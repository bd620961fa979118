import { isLong } from "./decimal.ts";
import { isNumber, isObject, type JsonNode, type JsonObject, parseJson } from "./json-text.ts";
import { type TypedValue, typedValue, ValueError } from "./typed-value.ts";

export interface Point extends TypedValue {
  readonly key: string;
  /** Unix epoch milliseconds, of the device or of the server. */
  readonly ts: number;
}

export type TelemetryBody =
  | { readonly kind: "points"; readonly points: readonly Point[] }
  /** `[]`: ThingsBoard counts the records it waits for, and there are none to answer it. */
  | { readonly kind: "never answered" }
  | { readonly kind: "refused"; readonly code: "4.00" | "5.00" };

const refused = (code: "4.00" | "5.00"): TelemetryBody => ({ kind: "refused", code });

/** A `ts` that is no number, or beyond Java's long, escapes ThingsBoard's adaptor as an unchecked exception: 5.00, not 4.00. */
class TimestampError extends Error {
  override readonly name = "TimestampError";
}

/** `receivedAt` stamps what carries no `ts` of its own: one instant for the whole request. */
export function parseTelemetry(text: string, receivedAt: number, typeCast: boolean): TelemetryBody {
  try {
    const root = parseJson(text);
    if (Array.isArray(root) && root.length === 0) return { kind: "never answered" };
    const records: readonly JsonNode[] = Array.isArray(root) ? root : [root];
    return {
      kind: "points",
      points: records.flatMap((record) => pointsOf(record, receivedAt, typeCast)),
    };
  } catch (error) {
    if (error instanceof TimestampError) return refused("5.00");
    if (error instanceof SyntaxError || error instanceof ValueError) return refused("4.00");
    throw error;
  }
}

function pointsOf(record: JsonNode, receivedAt: number, typeCast: boolean): Point[] {
  if (!isObject(record)) throw new ValueError("a record is an object");
  const values = record.get("values");
  // {"ts":5,"t":1} has no `values`, so it is a key named "ts".
  if (!record.has("ts") || values === undefined) return stamp(record, receivedAt, typeCast);
  const ts = timestampOf(record.get("ts"));
  if (!isObject(values)) throw new ValueError("values is an object");
  return stamp(values, ts, typeCast);
}

/** A fraction is cut off; a string counts when it is whole: "1700000000000". */
function timestampOf(node: JsonNode | undefined): number {
  if (isNumber(node)) return longOf(node.number);
  if (typeof node === "string" && /^[+-]?\d+$/.test(node)) return longOf(node);
  throw new TimestampError("ts is not a number");
}

function longOf(text: string): number {
  const ts = Math.trunc(Number(text)) + 0;
  // 9223372036854775807 is a long and 9223372036854775808 is none; as doubles they are the same.
  const exact = /^[+-]?\d{1,20}$/.test(text);
  if (Number.isFinite(ts) && isLong(BigInt(exact ? text : ts))) return ts;
  throw new TimestampError("ts is beyond 64 bits");
}

function stamp(values: JsonObject, ts: number, typeCast: boolean): Point[] {
  return [...values].flatMap(([key, node]) => {
    const value = typedValue(node, typeCast);
    return value ? [{ key, ts, ...value }] : [];
  });
}
