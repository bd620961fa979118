/** CoAP messages as bytes (RFC 7252 §3). Written for the sandbox alone, so that it checks the agent's own coder. */

export type MessageType = "CON" | "NON" | "ACK" | "RST";

export interface CoapOption {
  readonly number: number;
  readonly value: Uint8Array;
}

export interface Message {
  readonly type: MessageType;
  /** "0.02" is POST, "2.05" is Content, "0.00" is the empty message. */
  readonly code: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

export type Decoded =
  | { readonly kind: "message"; readonly message: Message }
  /** The header was readable, so that a confirmable one can be rejected (RFC 7252 §4.2). */
  | { readonly kind: "malformed"; readonly confirmable: boolean; readonly messageId: number }
  | { readonly kind: "noise" };

const types = ["CON", "NON", "ACK", "RST"] as const;
const EMPTY = new Uint8Array(0);

const codeText = (byte: number) => `${byte >> 5}.${String(byte & 31).padStart(2, "0")}`;

function codeByte(code: string): number {
  const [major = "0", minor = "0"] = code.split(".");
  return (Number(major) << 5) | Number(minor);
}

/** Never throws, whatever the bytes. */
export function decode(bytes: Uint8Array): Decoded {
  const [first = 0, second = 0, high = 0, low = 0] = bytes;
  if (bytes.length < 4 || first >> 6 !== 1) return { kind: "noise" };
  const type = types[(first >> 4) & 3] ?? "CON";
  const messageId = (high << 8) | low;
  const malformed: Decoded = { kind: "malformed", confirmable: type === "CON", messageId };
  const code = codeText(second);
  const tokenLength = first & 15;
  if (code === "0.00") {
    if (bytes.length !== 4 || tokenLength !== 0) return malformed;
    const message = { type, code, messageId, token: EMPTY, options: [], payload: EMPTY };
    return { kind: "message", message };
  }
  if (tokenLength > 8 || bytes.length < 4 + tokenLength) return malformed;
  const body = decodeBody(bytes.subarray(4 + tokenLength));
  if (body === null) return malformed;
  return {
    kind: "message",
    message: { type, code, messageId, token: bytes.slice(4, 4 + tokenLength), ...body },
  };
}

function decodeBody(bytes: Uint8Array): Pick<Message, "options" | "payload"> | null {
  const options: CoapOption[] = [];
  let at = 0;
  let number = 0;
  // RFC 7252 §3.1: 13 and 14 announce one and two more bytes, 15 is reserved.
  const extended = (nibble: number): number => {
    if (nibble < 13) return nibble;
    if (nibble === 13) return 13 + (bytes[at++] ?? Number.NaN);
    if (nibble === 15) return Number.NaN;
    at += 2;
    return 269 + (bytes[at - 2] ?? Number.NaN) * 256 + (bytes[at - 1] ?? Number.NaN);
  };
  for (let head = bytes[at]; head !== undefined; head = bytes[at]) {
    at++;
    if (head === 0xff) {
      // RFC 7252 §3: a payload marker followed by nothing is a format error.
      return at < bytes.length ? { options, payload: bytes.slice(at) } : null;
    }
    number += extended(head >> 4);
    const length = extended(head & 15);
    if (Number.isNaN(number + length) || number > 0xffff || at + length > bytes.length) return null;
    options.push({ number, value: bytes.slice(at, at + length) });
    at += length;
  }
  return { options, payload: EMPTY };
}

export function encode(message: Message): Uint8Array {
  const chunks: Uint8Array[] = [
    Uint8Array.of(
      0x40 | (types.indexOf(message.type) << 4) | message.token.length,
      codeByte(message.code),
      message.messageId >> 8,
      message.messageId & 255,
    ),
    message.token,
  ];
  let previous = 0;
  for (const { number, value } of message.options.toSorted((a, b) => a.number - b.number)) {
    const [deltaNibble, deltaBytes] = nibble(number - previous);
    const [lengthNibble, lengthBytes] = nibble(value.length);
    const head = (deltaNibble << 4) | lengthNibble;
    chunks.push(Uint8Array.of(head, ...deltaBytes, ...lengthBytes), value);
    previous = number;
  }
  if (message.payload.length > 0) chunks.push(Uint8Array.of(0xff), message.payload);
  return new Uint8Array(Buffer.concat(chunks));
}

function nibble(value: number): [number, readonly number[]] {
  if (value < 13) return [value, []];
  if (value < 269) return [13, [value - 13]];
  return [14, [(value - 269) >> 8, (value - 269) & 255]];
}

/** A message without code, token and body: an ACK, a RST or a ping. */
export const emptyMessage = (type: MessageType, messageId: number): Uint8Array =>
  encode({ type, code: "0.00", messageId, token: EMPTY, options: [], payload: EMPTY });
