import { findSetting } from "./config.ts";
import { isListName, isShownInList } from "./list-names.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./quote.ts";

/** Where secrets live; whatever is unknown in it may be one that was misspelt. */
const SECRET_SECTION = "provisioning";

const soundsSecret = /secret|key|token|pass|credential/i;

/**
 * Whether the value of a key may be printed. A known setting says so itself; an unknown one is judged by its
 * name and its section, because `sercet = "…"` is still the secret.
 */
export function mayShowValue(path: readonly string[]): boolean {
  const [section = "", name] = path;
  if (isListName(section)) return path.length < 3 || isShownInList(path[2] ?? "");
  const known = name === undefined ? undefined : findSetting(section, name);
  if (known && path.length === 2) return known.secret !== true;
  if (path.some((part) => soundsSecret.test(part))) return false;
  return nearest(section, [SECRET_SECTION]) === null;
}

/** A name of ours is short or made of small letters; keys, secrets and tokens are long, with digits, capitals or signs. */
const LONGEST_PLAIN = 11;

/**
 * Whether what stands in the place of a name, in a file or on the command line, may be a secret that was put there by mistake.
 */
export const looksSecret = (name: string): boolean =>
  name.length > LONGEST_PLAIN && !/^[a-z._-]+$/.test(name);

/** A name for a message: in quotes, and "…" for what may be none. */
export const quoteName = (name: string): string => (looksSecret(name) ? '"…"' : quote(name));

/** Shorter texts are words that occur anywhere; masking them would only garble the message. */
const SHORTEST_MASKED = 4;

/** The last line of defence: no text of ours contains a secret that we know. */
export const maskSecrets = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret.length >= SHORTEST_MASKED)
    .reduce((masked, secret) => masked.replaceAll(secret, "(set)"), text);
