import type { Json } from "../ports.ts";
import { isIntegral, isLong, parseDecimal, plainText } from "./decimal.ts";
import { isNumber, type JsonNode, jsonText } from "./json-text.ts";

export type ValueType = "BOOLEAN" | "LONG" | "DOUBLE" | "STRING" | "JSON";

/** A value in the type ThingsBoard keeps it in. */
export interface TypedValue {
  readonly type: ValueType;
  readonly value: Json;
  /** Its JSON text as ThingsBoard hands it out again: 3.0 stays 3.0, an int64 keeps all its digits. */
  readonly text: string;
}

const LONGEST_NUMBER = 1_000;
const MOST_DECIMALS = 16;

/** The value cannot be taken, so the request is refused as 4.00. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/**
 * The type ThingsBoard gives a value; null for JSON null, which it skips.
 * `typeCast` is its setting transport.json.type_cast_enabled, on by default.
 * @throws ValueError a number that has no type, with type casting off
 */
export function typedValue(node: JsonNode, typeCast: boolean): TypedValue | null {
  if (node === null) return null;
  if (typeof node === "boolean") return typed("BOOLEAN", node, String(node));
  if (typeof node === "string") {
    return typeCast && isPlainDecimal(node) ? numeric(node, typeCast) : stringOf(node);
  }
  if (isNumber(node)) return numeric(node.number, typeCast);
  const text = jsonText(node);
  return typed("JSON", JSON.parse(text), text);
}

const typed = (type: ValueType, value: Json, text: string): TypedValue => ({ type, value, text });
const stringOf = (value: string) => typed("STRING", value, JSON.stringify(value));

/** What ThingsBoard casts: "1.10", "0012", "-.5"; not "+5", " 5", "5.", "1e3", "NaN". */
const isPlainDecimal = (text: string) =>
  text.length <= LONGEST_NUMBER && /^-?\d*\.?\d+$/.test(text);

function numeric(text: string, typeCast: boolean): TypedValue {
  if (text.length > LONGEST_NUMBER) throw new ValueError("number too long");
  const decimal = parseDecimal(text);
  if (Math.abs(decimal.scale) > LONGEST_NUMBER) throw new ValueError("exponent too large");
  const fallBack = () => {
    if (!typeCast) throw new ValueError("number out of range");
    return stringOf(plainText(decimal));
  };
  // "3.0" is a DOUBLE though it is integral; "1.5e10" is a LONG.
  const simpleDouble = text.includes(".") && !/e/i.test(text);
  if (isIntegral(decimal) && !simpleDouble) {
    const whole = BigInt(plainText(decimal).replace(/\.0*$/, ""));
    if (!isLong(whole)) return fallBack();
    return typed("LONG", Number(whole), String(whole));
  }
  const value = Number(text) + 0;
  if (decimal.scale > MOST_DECIMALS || !Number.isFinite(value)) return fallBack();
  return typed("DOUBLE", value, Number.isInteger(value) ? value.toFixed(1) : String(value));
}
