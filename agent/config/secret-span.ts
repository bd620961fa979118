import { scanToml } from "./toml-scan.ts";

/** From the first byte to the one after the last. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** `secret = "…"` of [provisioning] in a file, and the value in it, quotes included. */
export interface SecretEntry {
  readonly entry: ByteSpan;
  readonly value: ByteSpan;
}

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/** Null where there is none. The file need not parse. */
export function secretEntryIn(bytes: Uint8Array): SecretEntry | null {
  const text = latin1(bytes);
  // As many characters as bytes, so that what is found in the text is found in the file.
  const seen = text.startsWith(BYTE_ORDER_MARK) ? `   ${text.slice(3)}` : text;
  const key = scanToml(seen).find(
    ({ path, header }) => !header && path.join(".") === "provisioning.secret",
  );
  if (key === undefined || key.valueEnd - key.valueStart < EMPTY.length) return null;
  return {
    entry: { start: key.start, end: key.valueEnd },
    value: { start: key.valueStart, end: key.valueEnd },
  };
}

/** False for `""`, which is what erasing leaves. */
export const holdsSecret = ({ value }: SecretEntry): boolean =>
  value.end - value.start > EMPTY.length;

/** The file without the entry; in `{ key = "a", secret = "b" }` a comma goes with it. */
export function withoutEntry(bytes: Uint8Array, { entry }: SecretEntry): Uint8Array {
  const text = latin1(bytes);
  const before = text.slice(0, entry.start);
  const after = text.slice(entry.end);
  const left = before.replace(/,\s*$/, "");
  return bytesOf(left === before ? before + after.replace(/^\s*,/, "") : left + after);
}

const EMPTY = '""';

/**
 * The file with `""` and spaces in place of the value: as long as before, so that it can be written over it where it lies. Cut off at
 * any byte on the way it is no TOML any more, unless nothing of the value is changed or nothing is left.
 */
export function blanked(bytes: Uint8Array, value: ByteSpan): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.fill(" ".charCodeAt(0), value.start, value.end);
  copy.set(bytesOf(EMPTY), value.start);
  return copy;
}

const latin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
