import { CoapError } from "./coap-error.ts";
import type { MessageType } from "./message.ts";

export interface OutgoingOption {
  readonly number: number;
  readonly value: Uint8Array;
}

export interface OutgoingMessage {
  readonly type: MessageType;
  /** The code's byte; 0 is the empty message. */
  readonly code: number;
  readonly messageId: number;
  readonly token?: Uint8Array;
  readonly options?: readonly OutgoingOption[];
  readonly payload?: Uint8Array;
}

/** ThingsBoard drops a larger datagram without a word, and most paths would have to fragment it. */
const MAX_REQUEST_BYTES = 2_048;

/** RFC 7252 §3: version 1 in the two upper bits. */
const VERSION = 0x40;
const TYPE_BITS = { CON: 0x00, NON: 0x10, ACK: 0x20, RST: 0x30 } as const;
const PAYLOAD_MARKER = 0xff;
const MAX_TOKEN_BYTES = 8;
/** First byte, two extension bytes for the delta, two for the length. */
const MAX_OPTION_HEADER = 5;

const nothing = new Uint8Array();

/** The bytes of one message (RFC 7252 §3); options in any order, repeated ones in the order given. */
export function encode(message: OutgoingMessage): Uint8Array {
  const { type, code, messageId, token = nothing, options = [], payload = nothing } = message;
  if (token.length > MAX_TOKEN_BYTES) throw new RangeError(`a token of ${token.length} bytes`);
  const sorted = isInOrder(options)
    ? options
    : options.toSorted((one, other) => one.number - other.number);
  const most = sorted.reduce((sum, { value }) => sum + MAX_OPTION_HEADER + value.length, 0);
  const bytes = new Uint8Array(4 + token.length + most + 1 + payload.length);
  bytes[0] = VERSION | TYPE_BITS[type] | token.length;
  bytes[1] = code;
  bytes[2] = messageId >> 8;
  bytes[3] = messageId;
  bytes.set(token, 4);
  let at = 4 + token.length;
  let number = 0;
  for (const option of sorted) {
    at = writeOptionHeader(bytes, at, option.number - number, option.value.length);
    bytes.set(option.value, at);
    at += option.value.length;
    ({ number } = option);
  }
  if (payload.length > 0) {
    bytes[at] = PAYLOAD_MARKER;
    bytes.set(payload, at + 1);
    at += 1 + payload.length;
  }
  return bytes.subarray(0, at);
}

/** As those of the requests that go out at every beat. */
function isInOrder(options: readonly OutgoingOption[]): boolean {
  let last = 0;
  for (const { number } of options) {
    if (number < last) return false;
    last = number;
  }
  return true;
}

/** RFC 7252 §3.1: a nibble each for delta and length, where 13 and 14 announce one and two more bytes. */
function writeOptionHeader(bytes: Uint8Array, start: number, delta: number, length: number) {
  if (delta < 13 && length < 13) {
    bytes[start] = (delta << 4) | length;
    return start + 1;
  }
  let at = start + 1;
  const nibble = (value: number): number => {
    if (value < 13) return value;
    if (value < 269) {
      bytes[at++] = value - 13;
      return 13;
    }
    bytes[at++] = (value - 269) >> 8;
    bytes[at++] = value - 269;
    return 14;
  };
  const upper = nibble(delta);
  bytes[start] = (upper << 4) | nibble(length);
  return at;
}

/**
 * The bytes of one request to `peer`.
 * @throws CoapError `too large` over 2048 bytes
 */
export function encodeBounded(message: OutgoingMessage, peer: string): Uint8Array {
  const datagram = encode(message);
  if (datagram.length <= MAX_REQUEST_BYTES) return datagram;
  const text = `a request to ${peer} would be a datagram of ${datagram.length} bytes, at most ${MAX_REQUEST_BYTES} arrive`;
  throw new CoapError("too large", text, { hint: SHORTEN });
}

const SHORTEN = "shorten its path and query: only a body can be sent in blocks";
