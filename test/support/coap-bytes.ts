/**
 * CoAP messages as the tests read and write them (RFC 7252 §3). Written apart from agent/coap and
 * from npm coap-packet, so that it checks them. Strict: our client must not send what this refuses.
 */
export type CoapType = "CON" | "NON" | "ACK" | "RST";
const types: readonly CoapType[] = ["CON", "NON", "ACK", "RST"];

export const optionNumbers = {
  etag: 4,
  observe: 6,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  block2: 23,
  block1: 27,
  size2: 28,
  size1: 60,
} as const;

export interface CoapOption {
  readonly number: number;
  readonly value: Uint8Array;
}

export interface CoapMessage {
  readonly type: CoapType;
  /** "0.01" is GET, "2.05" Content, "0.00" empty. */
  readonly code: string;
  readonly mid: number;
  readonly token: Uint8Array;
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

export interface Block {
  readonly num: number;
  readonly more: boolean;
  /** 6 is 1024 bytes (RFC 7959 §2.2). */
  readonly szx: number;
}

const none = new Uint8Array();
export const codes = { GET: "0.01", POST: "0.02", PUT: "0.03", DELETE: "0.04" } as const;
export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Shortest form: 0 is no bytes at all (RFC 7252 §3.2). */
export function uintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

export const uintOf = (bytes: Uint8Array): number =>
  bytes.reduce((value, byte) => value * 256 + byte, 0);

export const uintOption = (number: number, value: number): CoapOption => ({
  number,
  value: uintBytes(value),
});

export const blockOption = (number: number, { num, more, szx }: Block): CoapOption =>
  uintOption(number, num * 16 + (more ? 8 : 0) + szx);

export const optionOf = (message: CoapMessage, number: number): Uint8Array | undefined =>
  message.options.find((option) => option.number === number)?.value;

export function blockOf(message: CoapMessage, number: number): Block | undefined {
  const value = optionOf(message, number);
  if (!value) return undefined;
  const bits = uintOf(value);
  return { num: Math.floor(bits / 16), more: (bits & 8) !== 0, szx: bits & 7 };
}

export const pathOf = (message: CoapMessage): string =>
  message.options
    .filter(({ number }) => number === optionNumbers.uriPath)
    .map(({ value }) => new TextDecoder().decode(value))
    .join("/");

/** A nibble and its extension bytes: 13 takes one byte, 14 two (RFC 7252 §3.1). */
function extended(value: number): [nibble: number, extension: number[]] {
  if (value < 13) return [value, []];
  if (value < 269) return [13, [value - 13]];
  return [14, [(value - 269) >> 8, (value - 269) & 255]];
}

export function encode(
  message: Partial<CoapMessage> & Pick<CoapMessage, "type" | "code" | "mid">,
): Uint8Array {
  const { type, code, mid, token = none, options = [], payload = none } = message;
  const [codeClass = 0, detail = 0] = code.split(".").map(Number);
  const bytes = [
    0x40 | (types.indexOf(type) << 4) | token.length,
    (codeClass << 5) | detail,
    mid >> 8,
    mid & 255,
    ...token,
  ];
  let previous = 0;
  for (const { number, value } of options.toSorted((a, b) => a.number - b.number)) {
    const [delta, deltaExtension] = extended(number - previous);
    const [length, lengthExtension] = extended(value.length);
    bytes.push((delta << 4) | length, ...deltaExtension, ...lengthExtension, ...value);
    previous = number;
  }
  if (payload.length > 0) bytes.push(0xff, ...payload);
  return Uint8Array.from(bytes);
}

/** Throws on anything that RFC 7252 §3 does not allow. */
export function decode(bytes: Uint8Array): CoapMessage {
  let at = 0;
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw new Error(`cut off at byte ${at} of ${hexOf(bytes)}`);
    at += size;
    return bytes.slice(at - size, at);
  };
  const byte = () => uintOf(take(1));
  const extend = (nibble: number) => {
    if (nibble === 15) throw new Error(`nibble 15 at byte ${at} of ${hexOf(bytes)}`);
    if (nibble === 13) return byte() + 13;
    return nibble === 14 ? uintOf(take(2)) + 269 : nibble;
  };

  const first = byte();
  if (first >> 6 !== 1) throw new Error(`version ${first >> 6}`);
  const codeByte = byte();
  const mid = uintOf(take(2));
  if ((first & 15) > 8) throw new Error(`token length ${first & 15}`);
  const token = take(first & 15);
  if (codeByte === 0 && bytes.length > 4) throw new Error("an empty message with content");
  const options: CoapOption[] = [];
  let number = 0;
  let payload: Uint8Array = none;
  while (at < bytes.length) {
    const head = byte();
    if (head === 0xff) {
      if (at === bytes.length) throw new Error("a payload marker without payload");
      payload = take(bytes.length - at);
    } else {
      number += extend(head >> 4);
      const length = extend(head & 15);
      options.push({ number, value: take(length) });
    }
  }
  return {
    type: types[(first >> 4) & 3] ?? "CON",
    code: `${codeByte >> 5}.${String(codeByte & 31).padStart(2, "0")}`,
    mid,
    token,
    options,
    payload,
  };
}
