import * as v from "valibot";
import { formatDuration, parseDuration } from "./duration.ts";
import { formatRate, parseRate } from "./rate.ts";
import type { Kind } from "./setting.ts";
import { formatSize, parseSize } from "./size.ts";

const asIs = (text: string): unknown => text;
const quoted = (text: string): string => JSON.stringify(text);

/** The digits of `10` and of `"10"`: both lack their unit. */
const bareNumber = (input: unknown): string | null =>
  (typeof input === "number" || typeof input === "bigint" || typeof input === "string") &&
  /^\d{1,15}$/.test(String(input))
    ? String(input)
    : null;

const notDuration = 'not a duration; write it like "30s", "5m", "2h" or "7d"';

/** In milliseconds, from `least` to `most` (both included). */
export function duration(least: number, most: number, otherwise = notDuration): Kind<number> {
  const wrong = ({ input }: { input: unknown }) => {
    const digits = bareNumber(input);
    if (digits === null) return otherwise;
    const meant = Number(digits) * 1_000;
    const fits = meant >= least && meant <= most;
    return `needs a unit; write ${fits ? `"${digits}s"` : 'it like "30s", "5m", "2h" or "7d"'}`;
  };
  return {
    description: `duration, ${formatDuration(least)} to ${formatDuration(most)}`,
    schema: () =>
      v.pipe(
        v.string(wrong),
        v.check((text) => parseDuration(text) !== null, wrong),
        v.transform((text) => parseDuration(text) ?? 0),
        v.minValue(least, `too short; write "${formatDuration(least)}" or more`),
        v.maxValue(most, `too long; write "${formatDuration(most)}" or less`),
      ),
    fromText: asIs,
    toToml: (ms) => quoted(formatDuration(ms)),
  };
}

/** A duration in milliseconds, or the word "auto". */
export function durationOrAuto(least: number, most: number): Kind<number | "auto"> {
  const given = duration(
    least,
    most,
    'neither "auto" nor a duration; write it like "auto" or "30s"',
  );
  return {
    ...given,
    description: `"auto" or a ${given.description}`,
    schema: (known) =>
      v.lazy((input) => (input === "auto" ? v.literal("auto") : given.schema(known))),
    toToml: (value) => (value === "auto" ? quoted(value) : given.toToml(value)),
  };
}

/** In bytes, from `least` to `most` (both included). */
export function size(least: number, most: number): Kind<number> {
  const wrong = ({ input }: { input: unknown }) => {
    const digits = bareNumber(input);
    if (digits === null) return 'not a size; write it like "100KB", "64MB" or "1GB"';
    const meant = Number(digits) * 1_000_000;
    const fits = meant >= least && meant <= most;
    return `needs a unit; write ${fits ? `"${digits}MB"` : 'it like "100KB", "64MB" or "1GB"'}`;
  };
  return {
    description: `size, ${formatSize(least)} to ${formatSize(most)}`,
    schema: () =>
      v.pipe(
        v.string(wrong),
        v.check((text) => parseSize(text) !== null, wrong),
        v.transform((text) => parseSize(text) ?? 0),
        v.minValue(least, `too small; write "${formatSize(least)}" or more`),
        v.maxValue(most, `too large; write "${formatSize(most)}" or less`),
      ),
    fromText: asIs,
    toToml: (bytes) => quoted(formatSize(bytes)),
  };
}

/** A size in bytes, or null for "". */
export const optionalSize = (least: number, most: number): Kind<number | null> =>
  optional(size(least, most));

/** In messages a second, from `least` to `most` (both included), or null for "". */
export function optionalRate(least: number, most: number): Kind<number | null> {
  const wrong = ({ input }: { input: unknown }) => {
    const digits = bareNumber(input);
    if (digits === null) return 'not a rate; write it like "20/s" or "30/m"';
    const fits = Number(digits) >= least && Number(digits) <= most;
    return `needs a unit; write ${fits ? `"${digits}/s"` : 'it like "20/s" or "30/m"'}`;
  };
  return optional({
    description: `rate, ${formatRate(least)} to ${formatRate(most)}`,
    schema: () =>
      v.pipe(
        v.string(wrong),
        v.check((text) => parseRate(text) !== null, wrong),
        v.transform((text) => parseRate(text) ?? 0),
        v.minValue(least, `too slow; write "${formatRate(least)}" or more`),
        v.maxValue(most, `too fast; write "${formatRate(most)}" or less`),
      ),
    fromText: asIs,
    toToml: (perSecond) => quoted(formatRate(perSecond)),
  });
}

/** Null for "". */
function optional<T>(given: Kind<T>): Kind<T | null> {
  return {
    ...given,
    schema: (known) =>
      v.lazy((input) =>
        input === ""
          ? v.pipe(
              v.literal(""),
              v.transform(() => null),
            )
          : given.schema(known),
      ),
    toToml: (value) => (value === null ? quoted("") : given.toToml(value)),
  };
}

export function wholeNumber(least: number, most: number): Kind<number> {
  const wrong = `not a whole number from ${least} to ${most}; write one without quotes`;
  return {
    description: `whole number, ${least} to ${most}`,
    schema: () =>
      v.pipe(v.number(wrong), v.integer(wrong), v.minValue(least, wrong), v.maxValue(most, wrong)),
    fromText: (text) => (bareNumber(text) === null ? text : Number(text)),
    toToml: String,
  };
}

export function decimalNumber(least: number, most: number): Kind<number> {
  const wrong = `not a number from ${least} to ${most}; write one without quotes`;
  return {
    description: `number, ${least} to ${most}`,
    schema: () => v.pipe(v.number(wrong), v.minValue(least, wrong), v.maxValue(most, wrong)),
    fromText: (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
    toToml: String,
  };
}
