import * as v from "valibot";
import { isTelemetryKey } from "../telemetry-key.ts";
import type { Kind } from "./setting.ts";

const asIs = (text: string): unknown => text;
const quoted = (text: string): string => JSON.stringify(text);
const LONGEST_TEXT = 1_000;

/** One line of text that `isRight` accepts. */
function text(
  description: string,
  isRight: (given: string) => boolean,
  wrong: string,
): Kind<string> {
  return {
    description,
    schema: () =>
      v.pipe(
        v.string(wrong),
        v.check(
          (given) => given.length <= LONGEST_TEXT && /^\P{Cc}+$/u.test(given) && isRight(given),
          wrong,
        ),
      ),
    fromText: asIs,
    toToml: quoted,
  };
}

export const telemetryKey = text(
  "telemetry key",
  isTelemetryKey,
  "not a usable key; a letter, then up to 63 letters, digits or _, and neither ts nor values",
);

export const someText = text("text", () => true, "not a line of text; put it in quotes");

export const absolutePath = text(
  "absolute path",
  (given) => given.startsWith("/"),
  "not an absolute path; begin it with /",
);

/** A regular expression with a group, which holds the number. */
export const pattern = text(
  "regular expression with one group",
  hasGroup,
  'not a regular expression with a group around the number; write it like "load: ([0-9.]+)"',
);

function hasGroup(given: string): boolean {
  try {
    return (new RegExp(`${given}|`).exec("")?.length ?? 0) > 1;
  } catch {
    return false; // what does not compile is what is asked about
  }
}

/** Cron, five fields; the platform knows how to read it. */
export const schedule: Kind<string> = {
  description: "cron expression, five fields",
  schema: (known) =>
    v.pipe(
      v.string('not a schedule; write it like "0 6 * * *"'),
      v.rawCheck(({ dataset, addIssue }) => {
        const message = dataset.typed ? known.schedule(dataset.value) : null;
        if (message !== null) addIssue({ message });
      }),
    ),
  fromText: asIs,
  toToml: quoted,
};

const notFactor = "not a number other than 0; write one without quotes";

export const factor: Kind<number> = {
  description: "number, not 0",
  schema: () =>
    v.pipe(
      v.number(notFactor),
      v.check((given) => Number.isFinite(given) && given !== 0, notFactor),
    ),
  fromText: asIs,
  toToml: String,
};

const notLine = 'neither the offset nor the name of a line; write it like 17 or "GPIO17"';

export const lineOfChip: Kind<number | string> = {
  description: "whole number, or text",
  schema: () =>
    v.union(
      [
        v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
        v.pipe(v.string(), v.regex(/^\P{Cc}{1,31}$/u)),
      ],
      notLine,
    ),
  fromText: asIs,
  toToml: (line) => JSON.stringify(line),
};

const MOST_ARGUMENTS = 100;
const notCommand =
  'not a command; write program and arguments as a list: ["/usr/local/bin/ups", "--charge"]';

export const command: Kind<readonly string[]> = {
  description: "list of texts, the first an absolute path",
  schema: () =>
    v.pipe(
      v.array(v.pipe(v.string(notCommand), v.regex(/^[^\0]*$/, notCommand)), notCommand),
      v.minLength(1, notCommand),
      v.maxLength(MOST_ARGUMENTS, notCommand),
      v.check(([program]) => program?.startsWith("/") === true, notCommand),
    ),
  fromText: asIs,
  toToml: (parts) => `[${parts.map((part) => JSON.stringify(part)).join(", ")}]`,
};
