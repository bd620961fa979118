import * as v from "valibot";
import { nearest } from "./nearest.ts";
import type { Kind, KnownNames } from "./setting.ts";

const LONGEST_LIST = 100;
/** Enough of the names to see what is meant. */
const NAMES_SHOWN = 12;

/** A list of texts; `problem` says what is wrong with one of them, or null. */
function list(
  description: string,
  example: string,
  problem: (item: string, known: KnownNames) => string | null,
): Kind<readonly string[]> {
  return {
    description,
    schema: (known) =>
      v.pipe(
        v.array(
          v.pipe(
            v.string(`not a list of texts; write it like ${example}`),
            v.rawCheck(({ dataset, addIssue }) => {
              const message = dataset.typed ? problem(dataset.value, known) : null;
              if (message !== null) addIssue({ message });
            }),
          ),
          `not a list; write it like ${example}`,
        ),
        v.maxLength(LONGEST_LIST, `has more than ${LONGEST_LIST} entries; shorten it`),
      ),
    // PIPIT_SYSTEM_METRICS=cpu,load
    fromText: (text) =>
      text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== ""),
    toToml: (items) => `[${items.map((item) => JSON.stringify(item)).join(", ")}]`,
  };
}

const short = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);

export const metricNameList = list(
  "list of names",
  '["cpu", "memory"]',
  (item, { metricNames }) => {
    if (metricNames.includes(item)) return null;
    const meant = nearest(item, metricNames);
    const some = metricNames.slice(0, NAMES_SHOWN).join(", ");
    const more = metricNames.length > NAMES_SHOWN ? ", …" : "";
    return `${short(item)} is not the name of a reading; ${meant ? `did you mean "${meant}"?` : `one of ${some}${more}`}`;
  },
);

export const pathList = list("list of absolute paths", '["/", "/data"]', (item) =>
  /^\/\P{Cc}*$/u.test(item) ? null : `${short(item)} is not an absolute path; begin it with /`,
);

/** Of client attributes, ours and the inventory's: docs/attributes.md lists them. */
export const attributeNameList = list(
  "list of attribute names",
  '["ipAddress", "macAddress"]',
  (item) =>
    /^[A-Za-z][A-Za-z0-9]{0,63}$/.test(item)
      ? null
      : `${short(item)} is not the name of an attribute; docs/attributes.md lists them`,
);

/** Linux: at most 15 bytes, no slash, no white space, no colon; "." and ".." are refused by the kernel. */
export const interfaceList = list("list of interface names", '["eth0", "wlan0"]', (item) =>
  /^(?!\.{1,2}$)[\x21-\x7e]{1,15}$/.test(item) && !/[/:]/.test(item)
    ? null
    : `${short(item)} is not the name of an interface; "ip -br link" lists them`,
);
