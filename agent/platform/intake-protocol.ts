import { AgentError } from "../errors.ts";
import { isJsonObject, parseJson } from "../json.ts";
import type { Reading, Readings } from "../ports.ts";
import { isTelemetryKey } from "../telemetry-key.ts";

/** Both ways one line of JSON a message; docs/publish.md is the contract. */
export const LONGEST_LINE = 64 * 1024;
const MOST_KEYS = 100;
const LONGEST_TEXT = 8_192;

/** `{"readings":{"doorOpen":true}}`. @throws AgentError `sensor`, its message "<what>; <what to do>" */
export function decodePublished(line: string): Readings {
  const message = parseJson(line);
  const readings = isJsonObject(message) ? message["readings"] : undefined;
  if (!isJsonObject(readings))
    throw refused('not a message; send {"readings":{"key":value}} and a newline');
  return checkReadings(Object.entries(readings));
}

/** @throws AgentError `sensor` for what cannot be sent */
export function checkReadings(entries: readonly (readonly [string, unknown])[]): Readings {
  if (entries.length === 0) throw refused("no readings; send at least one");
  if (entries.length > MOST_KEYS)
    throw refused(`${entries.length} readings; send at most ${MOST_KEYS} in a message`);
  return Object.fromEntries(entries.map(([key, value]) => [checkKey(key), checkValue(key, value)]));
}

function checkKey(key: string): string {
  if (isTelemetryKey(key)) return key;
  const shown = JSON.stringify(key.slice(0, 40));
  throw refused(`${shown} is no key; use a letter, then letters, digits or _ (not ts or values)`);
}

function checkValue(key: string, value: unknown): Reading {
  if (typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && value.length <= LONGEST_TEXT) return value;
  throw refused(`${key} has no value that can be sent; use a number, true, false or a short text`);
}

const refused = (message: string) => new AgentError("sensor", message);

export const encodeAnswer = (error: string | null): string =>
  `${JSON.stringify(error === null ? { ok: true } : { error })}\n`;

/** Null for an answer that means accepted. @throws AgentError `bug` for what no agent answers */
export function decodeAnswer(line: string): string | null {
  const message = parseJson(line);
  if (isJsonObject(message) && message["ok"] === true) return null;
  if (isJsonObject(message) && typeof message["error"] === "string") return message["error"];
  throw new AgentError("transient", `no answer of an agent: ${JSON.stringify(line.slice(0, 80))}`);
}
