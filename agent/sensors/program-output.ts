import { decimal } from "../collectors/parse.ts";
import { AgentError } from "../errors.ts";
import { isJsonObject, parseJson } from "../json.ts";
import type { Reading, Readings } from "../ports.ts";
import { isTelemetryKey } from "../telemetry-key.ts";

const MOST_KEYS = 100;
const LONGEST_SHOWN = 40;

/** "21.5\n" is 21.5. @throws AgentError `sensor` */
export function parseNumber(origin: string, text: string): number {
  const value = decimal(text.trim());
  if (value === null) throw bad(origin, "not a number", text, "it must print one number");
  return value;
}

/** One object of numbers, flags and texts: {"charge": 97, "onBattery": false}. @throws AgentError `sensor` */
export function parseObject(origin: string, text: string): Readings {
  const parsed = parseJson(text);
  if (!isJsonObject(parsed)) throw bad(origin, "not one JSON object", text, "it must give {…}");
  return readingsOf(
    origin,
    Object.entries(parsed).map(([key, value]) => {
      if (typeof value === "object")
        throw bad(origin, "a nested or empty value", key, "numbers, texts, true and false only");
      return [key, value] as const;
    }),
  );
}

/** Lines of `key=value`; empty ones and comments (#) are skipped. @throws AgentError `sensor` */
export function parseKeyValues(origin: string, text: string): Readings {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return readingsOf(
    origin,
    lines.map((line) => {
      const equals = line.indexOf("=");
      if (equals < 0) throw bad(origin, "not key=value", line, "one key=value a line");
      return [line.slice(0, equals).trim(), readingOf(line.slice(equals + 1).trim())] as const;
    }),
  );
}

/** `true`, `12.5` and anything else as a text. */
export const readingOf = (text: string): Reading =>
  text === "true" ? true : text === "false" ? false : (decimal(text) ?? text);

function readingsOf(origin: string, entries: readonly (readonly [string, Reading])[]): Readings {
  if (entries.length > MOST_KEYS)
    throw bad(origin, `more than ${MOST_KEYS} keys`, "", "send fewer at a time");
  for (const [key, value] of entries) {
    if (!isTelemetryKey(key))
      throw bad(origin, "not a usable key", key, "a letter, then letters, digits or _");
    if (typeof value === "number" && !Number.isFinite(value))
      throw bad(origin, "not a finite number", key, "leave it out instead");
  }
  return Object.fromEntries(entries);
}

function bad(origin: string, what: string, text: string, hint: string): AgentError {
  const piece = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return new AgentError("sensor", `${origin}: ${what}: ${JSON.stringify(piece)}`, { hint });
}
