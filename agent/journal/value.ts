import type { Json, Reading } from "../ports.ts";
import { type ByteReader, type ByteWriter, Damaged, LARGEST_SIGNED } from "./bytes.ts";

/** How a value is written; the numbers are on people's cards, and never change. */
const FORM = { no: 0, yes: 1, whole: 2, decimal: 3, double: 4, text: 5, json: 6 } as const;

/** By the number of decimals. 48.199 is 48199 with three: four bytes instead of nine. */
const SCALES = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const;
const FINEST = SCALES[6];

export function writeValue(to: ByteWriter, value: Reading): void {
  switch (typeof value) {
    case "boolean":
      to.byte(value ? FORM.yes : FORM.no);
      break;
    case "number":
      writeNumber(to, value);
      break;
    case "string":
      to.byte(FORM.text);
      to.text(value);
      break;
    default:
      to.byte(FORM.json);
      to.text(JSON.stringify(value));
  }
}

function writeNumber(to: ByteWriter, value: number): void {
  const decimals = Object.is(value, -0) ? null : decimalsOf(value);
  if (decimals === null) {
    to.byte(FORM.double);
    to.double(value);
    return;
  }
  if (decimals === 0) to.byte(FORM.whole);
  else {
    to.byte(FORM.decimal);
    to.byte(decimals);
  }
  to.signed(Math.round(value * (SCALES[decimals] ?? 1)));
}

/** With how many decimals this very number is written whole; null where that takes too many. */
function decimalsOf(value: number): number | null {
  const finest = Math.round(value * FINEST);
  // Most of what is measured: a mean, or a share.
  if (Math.abs(finest) < LARGEST_SIGNED && finest / FINEST !== value) return null;
  for (let decimals = 0; decimals < SCALES.length; decimals++) {
    const scale = SCALES[decimals] ?? 1;
    const scaled = Math.round(value * scale);
    if (Math.abs(scaled) >= LARGEST_SIGNED) return null;
    if (scaled / scale === value) return decimals;
  }
  return null;
}

/** @throws Damaged */
export function readValue(from: ByteReader): Reading {
  const form = from.byte();
  switch (form) {
    case FORM.no:
      return false;
    case FORM.yes:
      return true;
    case FORM.whole:
      return from.signed();
    case FORM.decimal: {
      const decimals = from.byte();
      return from.signed() / 10 ** decimals;
    }
    case FORM.double:
      return from.double();
    case FORM.text:
      return from.text();
    case FORM.json:
      return readJson(from.text());
    default:
      throw new Damaged(`${form} is no form of a value`);
  }
}

function readJson(text: string): Reading {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Damaged("a value is no JSON", { cause });
  }
  if (value === null) throw new Damaged("a value is null");
  return value;
}

/** Whether the two are written alike. */
export function isSameValue(one: Reading, other: Reading): boolean {
  if (typeof one !== "object" || typeof other !== "object") return Object.is(one, other);
  return JSON.stringify(one) === JSON.stringify(other);
}
