const BLOCK1 = 27;
const PAYLOAD_MARKER = 0xff;
const MORE = 0x08;

/**
 * The Block1 option of a CoAP message (RFC 7959 §2.2) whose options begin at `from`: its value, and whether more blocks follow. Null:
 * there is none. For messages of our own, which are well formed.
 */
export function block1Of(
  message: Uint8Array,
  from: number,
): { readonly value: Uint8Array; readonly hasMore: boolean } | null {
  let [at, number] = [from, 0];
  const byte = (index: number) => message[index] ?? 0;
  /** 13: one byte more, and 14: two (RFC 7252 §3.1). */
  const extended = (nibble: number) => {
    if (nibble === 13) return byte(at++) + 13;
    if (nibble === 14) return ((byte(at++) << 8) | byte(at++)) + 269;
    return nibble;
  };
  while (at < message.length && byte(at) !== PAYLOAD_MARKER) {
    const head = byte(at++);
    number += extended(head >> 4);
    const length = extended(head & 0x0f);
    if (number === BLOCK1) {
      const value = message.subarray(at, at + length);
      return { value, hasMore: ((value.at(-1) ?? 0) & MORE) !== 0 };
    }
    at += length;
  }
  return null;
}

/** The same option alone, behind no other. */
export const block1Option = (value: Uint8Array): Uint8Array =>
  Uint8Array.of(0xd0 | value.length, BLOCK1 - 13, ...value);
