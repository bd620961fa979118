import * as v from "valibot";
import { durationMs, formatDuration, parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import type { Kind } from "./setting.ts";

const LEAST_MS = durationMs("1s");
const MOST_MS = durationMs("24h");
const LIKE = '{ disk = "5m" }';

/** `{ disk = "5m", inodeUsage = "15m" }`: a group of metrics, or one key, to milliseconds. */
export const intervalsByName: Kind<Readonly<Record<string, number>>> = {
  description: "table of names and durations",
  schema: ({ metricNames }) =>
    v.pipe(
      v.custom<Readonly<Record<string, unknown>>>(isTable, `not a table; write it like ${LIKE}`),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const intervals: Record<string, number> = {};
        for (const [name, given] of Object.entries(dataset.value)) {
          const ms = typeof given === "string" ? parseDuration(given) : null;
          const problem = problemOf(name, ms, metricNames);
          if (problem !== null || ms === null) {
            addIssue({ message: problem ?? "" });
            return NEVER;
          }
          intervals[name] = ms;
        }
        return intervals;
      }),
    ),
  // PIPIT_TELEMETRY_OTHER_INTERVALS=disk=5m,wifi=5m
  fromText: (text) =>
    Object.fromEntries(
      text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "")
        .map((item) => {
          const [name = "", ms = ""] = item.split("=", 2);
          return [name.trim(), ms.trim()];
        }),
    ),
  toToml: (intervals) => {
    const parts = Object.entries(intervals).map(
      ([name, ms]) => `${name} = "${formatDuration(ms)}"`,
    );
    return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
  },
  toJson: (intervals) =>
    Object.fromEntries(Object.entries(intervals).map(([name, ms]) => [name, formatDuration(ms)])),
};

const isTable = (input: unknown): boolean =>
  typeof input === "object" && input !== null && !Array.isArray(input) && !("toISOString" in input);

function problemOf(name: string, ms: number | null, known: readonly string[]): string | null {
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    const fix = meant ? `did you mean "${meant}"?` : "see docs/telemetry.md for groups and keys";
    return `${JSON.stringify(name.slice(0, 40))} is neither a group nor a key; ${fix}`;
  }
  if (ms === null) return `${name} has no duration; write it like ${LIKE}`;
  if (ms < LEAST_MS || ms > MOST_MS) return `${name} must be from 1s to 24h`;
  return null;
}
