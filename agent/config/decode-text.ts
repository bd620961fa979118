export type Decoded =
  | { readonly text: string }
  | { readonly failure: string; readonly line: number };

/** A configuration is a few kilobytes; the bound keeps a wrong file name from filling the memory. */
export const LARGEST_FILE_BYTES = 1_000_000;

/** The text of a file, or what is wrong with its bytes; line 0 is the file as a whole. */
export function decodeText(bytes: Uint8Array): Decoded {
  if (bytes.length > LARGEST_FILE_BYTES)
    return { failure: "is larger than 1 MB; a configuration is a few kilobytes of TOML", line: 0 };
  const nul = bytes.indexOf(0);
  if (nul >= 0)
    return {
      failure: "has a NUL byte in it; save it again as plain UTF-8 text",
      line: lineAt(bytes, nul),
    };
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  try {
    return { text: utf8.decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { failure: "is not UTF-8; save it again as UTF-8 text", line: badLine(bytes) };
  }
}

const NEWLINE = 0x0a;

const lineAt = (bytes: Uint8Array, end: number): number =>
  bytes.subarray(0, end).reduce((line, byte) => (byte === NEWLINE ? line + 1 : line), 1);

/** UTF-8 has no newline inside a character, so the first bad line can be found by itself. */
function badLine(bytes: Uint8Array): number {
  // A character that is really U+FFFD is encoded as these three bytes, and is no fault.
  const lenient = new TextDecoder("utf-8");
  let start = 0;
  for (let line = 1; ; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const part = bytes.subarray(start, end);
    const again = new TextEncoder().encode(lenient.decode(part));
    const same = again.length === part.length && again.every((byte, index) => byte === part[index]);
    const onlyMark = line === 1 && part.length === again.length + 3; // a byte order mark
    if ((!same && !onlyMark) || newline < 0) return line;
    start = newline + 1;
  }
}
