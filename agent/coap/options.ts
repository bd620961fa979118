import { unpackBlock } from "./block.ts";
import type { Block, ResponseOptions } from "./message.ts";

/** Option numbers in use (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2.1 and §4). */
export const OPTION = {
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

/** An odd number is critical: who does not understand it must not process the message (RFC 7252 §5.4.1). */
const isCritical = (number: number): boolean => (number & 1) === 1;

type UintOption = "observe" | "contentFormat" | "maxAge" | "size1" | "size2";
type BlockOption = "block1" | "block2";
type Format =
  | { readonly name: "etag"; readonly minBytes: number; readonly maxBytes: number }
  | { readonly name: UintOption; readonly maxBytes: number }
  | { readonly name: BlockOption; readonly maxBytes: number };

/** What may stand in a response. All others count as unknown there (RFC 7252 §5.4). */
const FORMATS: ReadonlyMap<number, Format> = new Map<number, Format>([
  [OPTION.etag, { name: "etag", minBytes: 1, maxBytes: 8 }],
  [OPTION.observe, { name: "observe", maxBytes: 3 }],
  [OPTION.contentFormat, { name: "contentFormat", maxBytes: 2 }],
  [OPTION.maxAge, { name: "maxAge", maxBytes: 4 }],
  [OPTION.block2, { name: "block2", maxBytes: 3 }],
  [OPTION.block1, { name: "block1", maxBytes: 3 }],
  [OPTION.size2, { name: "size2", maxBytes: 4 }],
  [OPTION.size1, { name: "size1", maxBytes: 4 }],
]);

/**
 * Takes one option of a response into `into`. An option that is unknown, repeated (§5.4.5) or of a
 * wrong length (§5.4.3) is skipped when elective; when critical, the result says why to reject.
 */
export function takeOption(
  into: ResponseOptions,
  number: number,
  value: Uint8Array,
): string | undefined {
  const refuse = (why: string) => (isCritical(number) ? why : undefined);
  const format = FORMATS.get(number);
  if (!format) return refuse(`unsupported option ${number}`);
  if (into[format.name] !== undefined) return refuse(`${format.name} twice`);
  if (value.length > format.maxBytes)
    return refuse(`${format.name} of ${value.length} bytes, at most ${format.maxBytes} are legal`);

  switch (format.name) {
    case "etag":
      if (value.length >= format.minBytes) into.etag = value;
      return undefined;
    case "block1":
    case "block2": {
      const block: Block | null = unpackBlock(readUint(value));
      if (!block) return `${format.name} of the reserved size 7`;
      into[format.name] = block;
      return undefined;
    }
    default:
      into[format.name] = readUint(value);
      return undefined;
  }
}

/** Big-endian, without a sign; no bytes at all are 0 (RFC 7252 §3.2). */
export function readUint(value: Uint8Array): number {
  let result = 0;
  for (const byte of value) result = result * 256 + byte;
  return result;
}

/** The shortest form: 0 has no bytes (RFC 7252 §3.2). */
export function writeUint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}
