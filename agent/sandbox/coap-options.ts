import type { CoapOption, Message } from "./wire.ts";

/** Option numbers the sandbox looks at (RFC 7252 §12.2, RFC 7641, RFC 7959, RFC 7967). */
export const OPTION = {
  OBSERVE: 6,
  URI_PATH: 11,
  CONTENT_FORMAT: 12,
  URI_QUERY: 15,
  BLOCK2: 23,
  BLOCK1: 27,
  SIZE1: 60,
  NO_RESPONSE: 258,
} as const;

/** Critical options a request may carry; any other odd number is 4.02 (RFC 7252 §5.4.1). */
const knownCritical: ReadonlySet<number> = new Set([1, 3, 5, 7, 11, 15, 17, 23, 27]);

/** What the server behind the front needs to see; conditions, hosts and hints are not its business. */
const served: ReadonlySet<number> = new Set([11, 12, 15, 23, 27, 28]);

export const hasUnknownCritical = (message: Message): boolean =>
  message.options.some(({ number }) => number % 2 === 1 && !knownCritical.has(number));

export const optionOf = (message: Message, number: number): Uint8Array | undefined =>
  message.options.find((option) => option.number === number)?.value;

/** RFC 7252 §3.2: big-endian, zero is no bytes at all. */
export const uint = (value: Uint8Array): number => value.reduce((sum, byte) => sum * 256 + byte, 0);

export const uintOptionOf = (message: Message, number: number): number | undefined => {
  const value = optionOf(message, number);
  return value && uint(value);
};

export function uintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

export interface Block {
  readonly number: number;
  readonly more: boolean;
  /** Null for the reserved exponent 7. */
  readonly sizeBytes: number | null;
}

/** RFC 7959 §2.2. */
export function parseBlock(value: Uint8Array): Block {
  const bits = uint(value);
  const exponent = bits & 7;
  return {
    number: Math.floor(bits / 16),
    more: (bits & 8) !== 0,
    sizeBytes: exponent === 7 ? null : 2 ** (exponent + 4),
  };
}

/**
 * The options npm coap is given. It does not read a block option of no bytes,
 * which is how block 0 of 16 bytes is written, so that one is spelled out.
 */
export const servedOptions = (message: Message): CoapOption[] =>
  message.options
    .filter(({ number }) => served.has(number))
    .map(({ number, value }) =>
      (number === OPTION.BLOCK1 || number === OPTION.BLOCK2) && value.length === 0
        ? { number, value: Uint8Array.of(0) }
        : { number, value },
    );
