import { generate } from "coap-packet";
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
