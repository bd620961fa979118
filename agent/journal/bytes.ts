/** What is on the disk is not what was written there. */
export class Damaged extends Error {
  override readonly name = "Damaged";
}

/** Bytes of a record, one value behind the other. */
export interface ByteWriter {
  readonly length: number;
  byte(value: number): void;
  /** A whole number from 0 to 2^53: seven bits a byte, least significant first, as LEB128. */
  count(value: number): void;
  /** A whole number between -2^52 and 2^52, small ones short: 0, -1, 1, -2 become 0, 1, 2, 3. */
  signed(value: number): void;
  double(value: number): void;
  /** UTF-8 behind its length. */
  text(value: string): void;
  /** A copy of everything so far. */
  bytes(): Uint8Array;
  /** Forgets everything but the first `length` bytes. */
  cut(length: number): void;
}

/** Above it a number has no room for its sign. */
export const LARGEST_SIGNED = 2 ** 52;

const utf8 = new TextEncoder();

export function createWriter(): ByteWriter {
  let buffer = new Uint8Array(1_024);
  let length = 0;
  const reserve = (bytes: number) => {
    if (length + bytes <= buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * buffer.length, length + bytes));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };
  const byte = (value: number) => {
    reserve(1);
    buffer[length++] = value;
  };
  const count = (value: number) => {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) byte((rest % 128) + 128);
    byte(rest);
  };
  return {
    get length() {
      return length;
    },
    byte,
    count,
    signed: (value) => count(value < 0 ? -2 * value - 1 : 2 * value),
    double(value) {
      reserve(8);
      new DataView(buffer.buffer).setFloat64(length, value, true);
      length += 8;
    },
    text(value) {
      const encoded = utf8.encode(value);
      count(encoded.length);
      reserve(encoded.length);
      buffer.set(encoded, length);
      length += encoded.length;
    },
    bytes: () => buffer.slice(0, length),
    cut(to) {
      length = to;
    },
  };
}

/** Reads what a ByteWriter wrote. Every method throws `Damaged` beyond the end. */
export interface ByteReader {
  readonly isAtEnd: boolean;
  byte(): number;
  count(): number;
  signed(): number;
  double(): number;
  text(): string;
}

export function readerOf(bytes: Uint8Array): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (wanted: number) => {
    if (wanted > bytes.length - at) throw new Damaged("a record ends too early");
    at += wanted;
    return at - wanted;
  };
  const byte = () => view.getUint8(take(1));
  const count = () => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const next = byte();
      value += (next % 128) * unit;
      if (value > Number.MAX_SAFE_INTEGER) throw new Damaged("a number is too large");
      if (next < 128) return value;
    }
  };
  return {
    get isAtEnd() {
      return at === bytes.length;
    },
    byte,
    count,
    signed() {
      const value = count();
      return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    },
    double: () => view.getFloat64(take(8), true),
    text() {
      const length = count();
      const start = take(length);
      return utf8Text.decode(bytes.subarray(start, start + length));
    },
  };
}

/** Else a text that begins with U+FEFF would come back without it. */
const utf8Text = new TextDecoder("utf-8", { ignoreBOM: true });
