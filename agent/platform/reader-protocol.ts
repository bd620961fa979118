import { isJsonObject, parseJson } from "../json.ts";
import type { Json } from "../ports.ts";

/** One line of JSON each way. */
export type ReaderRequest =
  | { readonly id: number; readonly read: string }
  | { readonly id: number; readonly run: readonly string[]; readonly timeoutMs: number };

export type ReaderAnswer =
  | { readonly id: number; readonly text: string }
  /** `code` for an error of the system, `hint` for what a person can do. */
  | {
      readonly id: number;
      readonly error: string;
      readonly code?: string;
      readonly hint?: string;
    };

/** `id` of the child's first line: it listens. Calls count from 1. */
export const READY_ID = 0;

/** Longer than any answer: 64 KiB of text, escaped. */
const LONGEST_LINE = 1024 * 1024;

export const encodeLine = (message: ReaderRequest | ReaderAnswer): string =>
  `${JSON.stringify(message)}\n`;

/** Cuts a stream of text into lines; a line that never ends is an error, not a leak. */
export function lineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE) throw new Error("a line of the reader does not end");
    for (const line of lines) onLine(line);
  };
}

export function decodeRequest(line: string): ReaderRequest | null {
  const message = parseJson(line);
  if (!isJsonObject(message)) return null;
  const { id, read, run, timeoutMs } = message;
  if (typeof id !== "number") return null;
  if (typeof read === "string") return { id, read };
  if (!isTexts(run) || typeof timeoutMs !== "number") return null;
  return { id, run, timeoutMs };
}

export function decodeAnswer(line: string): ReaderAnswer | null {
  const message = parseJson(line);
  if (!isJsonObject(message)) return null;
  const { id, text, error, code, hint } = message;
  if (typeof id !== "number") return null;
  if (typeof text === "string") return { id, text };
  if (typeof error !== "string") return null;
  return {
    id,
    error,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof hint === "string" ? { hint } : {}),
  };
}

const isTexts = (value: Json | undefined): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
