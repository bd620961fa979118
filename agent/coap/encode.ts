import { generate } from "coap-packet";
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

/** The package refuses anything above its own default of 1280; the block size is what bounds a message here. */
const MAX_DATAGRAM_BYTES = 65_507;

/** ThingsBoard drops a larger datagram without a word, and most paths would have to fragment it. */
const MAX_REQUEST_BYTES = 2_048;

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The bytes of one message. coap-packet sorts the options and forgives none of these, so they are given:
 * Buffers (it calls `copy`), a code as text ("0.00" for empty, else it makes a GET), numbers as option names.
 */
export function encode(message: OutgoingMessage): Uint8Array {
  const { type, code, options = [] } = message;
  return generate(
    {
      confirmable: type === "CON",
      ack: type === "ACK",
      reset: type === "RST",
      code: `${code >> 5}.${code & 31}`,
      messageId: message.messageId,
      token: asBuffer(message.token ?? new Uint8Array()),
      options: options.map(({ number, value }) => ({ name: number, value: asBuffer(value) })),
      payload: asBuffer(message.payload ?? new Uint8Array()),
    },
    MAX_DATAGRAM_BYTES,
  );
}

/**
 * The bytes of one request to `peer`.
 * @throws CoapError `too large` over 2048 bytes, `rejected` when it cannot be written at all
 */
export function encodeBounded(message: OutgoingMessage, peer: string): Uint8Array {
  const datagram = encoded(message, peer);
  if (datagram.length <= MAX_REQUEST_BYTES) return datagram;
  const text = `a request to ${peer} would be a datagram of ${datagram.length} bytes, at most ${MAX_REQUEST_BYTES} arrive`;
  throw new CoapError("too large", text, { hint: SHORTEN });
}

const SHORTEN = "shorten its path and query: only a body can be sent in blocks";

function encoded(message: OutgoingMessage, peer: string): Uint8Array {
  try {
    return encode(message);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CoapError("rejected", `a request to ${peer} cannot be written as CoAP: ${why}`, {
      cause,
      hint: SHORTEN,
    });
  }
}
