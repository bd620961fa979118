import { AgentError } from "../errors.ts";

/** Longest piece of a file's text that an error repeats. */
const SHOWN_CHARACTERS = 40;

/** The error for text that is not what the kernel writes there: `/proc/loadavg: not load averages: "0.52 x"`. */
export function unexpected(path: string, expected: string, text: string): AgentError {
  const piece = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return new AgentError("sensor", `${path}: not ${expected}: ${JSON.stringify(piece)}`);
}

/** A finite decimal and nothing else: "12abc", "nan", "0x10" and "" give null. */
export function decimal(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** A count: digits only and exact as a double, so that differences are. */
export function count(text: string | undefined): number | null {
  if (text === undefined || !/^\d+$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** All of them, or null as soon as one is not a count. */
export function counts(texts: readonly string[]): readonly number[] | null {
  const values = texts.map(count);
  return values.every((value) => value !== null) ? values : null;
}

/** The decimal divided, or null outside of what the thing can be: "3012000" µV is `scaled(text, 1e6, 0, 20)` = 3.012 V. */
export function scaled(
  text: string | undefined,
  divisor: number,
  lowest: number,
  highest: number,
): number | null {
  const value = (decimal(text) ?? Number.NaN) / divisor;
  return value >= lowest && value <= highest ? value : null;
}
