import { EMPTY, MESSAGE_TYPES, type Message, type ResponseOptions } from "./message.ts";
import { takeOption } from "./options.ts";

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  /** `resetId` is set when RFC 7252 §4.2 wants the sender told by a RST: a CON that makes no sense. */
  | { readonly ok: false; readonly reason: string; readonly resetId?: number };

const PAYLOAD_MARKER = 0xff;
const MAX_OPTION_NUMBER = 65_535;

/**
 * One datagram of the peer, not to be trusted: a message, or why it is none. Never throws, passes over
 * the bytes once and allocates less than they are: token, ETag and payload are views into them.
 */
export function decode(bytes: Uint8Array): Decoded {
  const first = bytes[0] ?? 0;
  if (bytes.length < 4) return { ok: false, reason: "shorter than a header" };
  // RFC 7252 §3: an unknown version is ignored in silence.
  if (first >> 6 !== 1) return { ok: false, reason: "not CoAP version 1" };

  const type = MESSAGE_TYPES[(first >> 4) & 3] ?? "RST";
  const code = bytes[1] ?? 0;
  const messageId = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  const malformed = (reason: string): Decoded =>
    type === "CON" ? { ok: false, reason, resetId: messageId } : { ok: false, reason };

  if (code === EMPTY && bytes.length > 4) return malformed("an empty message with content");
  // RFC 7252 §4.2 and §4.3: a RST is empty, a NON is not.
  if (type === "RST" && code !== EMPTY) return malformed("a reset with a code");
  if (type === "NON" && code === EMPTY) return malformed("an empty non-confirmable message");

  const tokenLength = first & 15;
  const tokenEnd = 4 + tokenLength;
  if (tokenLength > 8) return malformed(`a token of length ${tokenLength}`);
  if (tokenEnd > bytes.length) return malformed("a token cut off");

  const body = decodeBody(bytes, tokenEnd);
  if (typeof body === "string") return malformed(body);
  const token = tokenLength === 0 ? "" : bytes.subarray(4, tokenEnd).toHex();
  return { ok: true, message: { type, code, messageId, token, ...body } };
}

type Body = Pick<Message, "options" | "payload" | "objection">;

/** Options and payload from `start` on, or what is wrong with them (RFC 7252 §3.1). */
function decodeBody(bytes: Uint8Array, start: number): Body | string {
  const options: ResponseOptions = {};
  let objection: string | undefined;
  let number = 0;
  let at = start;

  /** A nibble with its extension bytes; NaN where they are reserved or cut off. */
  const extended = (nibble: number): number => {
    if (nibble < 13) return nibble;
    if (nibble === 13) return (bytes[at++] ?? Number.NaN) + 13;
    if (nibble === 14) return (bytes[at++] ?? Number.NaN) * 256 + (bytes[at++] ?? Number.NaN) + 269;
    return Number.NaN;
  };

  while (at < bytes.length) {
    const head = bytes[at++] ?? PAYLOAD_MARKER;
    if (head === PAYLOAD_MARKER) {
      if (at === bytes.length) return "a payload marker without a payload";
      return finished(options, bytes.subarray(at), objection);
    }
    const delta = extended(head >> 4);
    const length = extended(head & 15);
    if (Number.isNaN(delta) || Number.isNaN(length)) return "a broken option header";
    number += delta;
    if (number > MAX_OPTION_NUMBER) return "an option number above 65535";
    if (at + length > bytes.length) return "an option beyond the end";
    // Once refused, always refused: the rest only has to be well-formed.
    objection ??= takeOption(options, number, bytes.subarray(at, at + length));
    at += length;
  }
  return finished(options, bytes.subarray(bytes.length), objection);
}

const finished = (
  options: ResponseOptions,
  payload: Uint8Array,
  objection: string | undefined,
): Body => (objection === undefined ? { options, payload } : { options, payload, objection });
