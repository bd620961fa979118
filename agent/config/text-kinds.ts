import * as v from "valibot";
import { AgentError } from "../errors.ts";
import { hasLooseBrace, placeholderNames, placeholdersIn } from "./device-name.ts";
import { nearest } from "./nearest.ts";
import { isHost, parseServerUrl } from "./server-url.ts";
import type { Kind } from "./setting.ts";

const asIs = (text: string): unknown => text;
const quoted = (text: string): string => JSON.stringify(text);
export const flag: Kind<boolean> = {
  description: "true or false",
  schema: () => v.boolean("neither true nor false; write one of them, without quotes"),
  fromText: (text) => (text === "true" ? true : text === "false" ? false : text),
  toToml: String,
};

/** One of a few words; `noun` names them in the error: "log level". */
export function choice<const T extends string>(noun: string, words: readonly T[]): Kind<T> {
  return {
    description: words.map(quoted).join(", "),
    schema: () => v.picklist(words, `not a ${noun}; one of ${words.join(", ")}`),
    fromText: asIs,
    toToml: quoted,
  };
}

const LONGEST_TEXT = 1_000;

/** One line of text without control characters: it ends up in requests, file names and log lines. */
const line = v.pipe(
  v.string("not text; put it in quotes"),
  v.maxLength(LONGEST_TEXT, `longer than ${LONGEST_TEXT} characters; shorten it`),
  v.regex(/^\P{Cc}*$/u, "has a control character in it; remove it"),
);

/** Null when it is "". */
export const optionalText: Kind<string | null> = {
  description: "text",
  schema: () =>
    v.pipe(
      line,
      v.transform((text) => (text === "" ? null : text)),
    ),
  fromText: asIs,
  toToml: (text) => quoted(text ?? ""),
};

const isPath = (text: string) => text.startsWith("/");
const notPath = "not an absolute path; begin it with /";

/** Text that something holds of; null when it is "". */
const optional = (
  description: string,
  holds: (text: string) => boolean,
  message: string,
): Kind<string | null> => ({
  ...optionalText,
  description,
  schema: () =>
    v.pipe(
      line,
      v.check((text) => text === "" || holds(text), message),
      v.transform((text) => (text === "" ? null : text)),
    ),
});

export const optionalPath = optional("absolute path", isPath, notPath);

/** A name or an IP literal. */
export const optionalHost = optional(
  "name or IP address",
  isHost,
  'not a host; write a name ("tb.example.com") or an IP address',
);

/** SHA-256 of a certificate, 64 hexadecimal digits in lower case; null when it is "". */
export const fingerprint: Kind<string | null> = {
  ...optionalText,
  description: "64 hexadecimal digits",
  schema: () =>
    v.pipe(
      line,
      v.transform((text) => text.replaceAll(":", "").toLowerCase()),
      v.check(
        (text) => text === "" || /^[0-9a-f]{64}$/.test(text),
        "not a SHA-256; write its 64 hexadecimal digits, with or without colons",
      ),
      v.transform((text) => (text === "" ? null : text)),
    ),
};

export const serverUrl: Kind<string> = {
  description: "server URL, coaps://host[:port] or coap://host[:port]",
  schema: () =>
    v.pipe(
      line,
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed || dataset.issues) return;
        const message = urlProblem(dataset.value);
        if (message !== null) addIssue({ message });
      }),
    ),
  fromText: asIs,
  toToml: quoted,
};

function urlProblem(text: string): string | null {
  try {
    parseServerUrl(text);
    return null;
  } catch (error) {
    if (error instanceof AgentError && error.kind === "config")
      return `${error.message}; ${error.hint}`;
    throw error;
  }
}

/** The name of the device, with placeholders in braces; "auto" and "" have a meaning of their own. */
export const deviceName: Kind<string> = {
  description: 'text with placeholders, "auto" or ""',
  schema: () =>
    v.pipe(
      line,
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed || dataset.issues) return;
        const message = deviceNameProblem(dataset.value);
        if (message !== null) addIssue({ message });
      }),
    ),
  fromText: asIs,
  toToml: quoted,
};

/** ThingsBoard refuses longer names in the same words as a name that is taken. */
const LONGEST_DEVICE_NAME = 255;

function deviceNameProblem(template: string): string | null {
  if (template.length > LONGEST_DEVICE_NAME)
    return `longer than ${LONGEST_DEVICE_NAME} characters; shorten it`;
  const unknown = placeholdersIn(template).find((name) => !placeholderNames.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, placeholderNames);
    const fix = meant ? `did you mean {${meant}}?` : `one of {${placeholderNames.join("} {")}}`;
    return `unknown placeholder {${unknown}}; ${fix}`;
  }
  return hasLooseBrace(template) ? "a brace has no partner; write it like {serial8}" : null;
}
