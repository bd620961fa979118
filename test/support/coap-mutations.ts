import type { Random } from "../../agent/ports.ts";
import { type CoapMessage, type CoapOption, decode, encode } from "./coap-bytes.ts";

const below = (random: Random, limit: number) => Math.floor(random.fraction() * limit);

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

/** Damage that knows nothing of CoAP. */
const blind: readonly Mutation[] = [
  function flipBits(bytes, random) {
    for (let times = 1 + below(random, 4); times > 0; times--) {
      const at = below(random, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    }
    return bytes;
  },
  function overwriteBytes(bytes, random) {
    for (let times = 1 + below(random, 4); times > 0; times--)
      bytes[below(random, bytes.length)] = below(random, 256);
    return bytes;
  },
  function cutOff(bytes, random) {
    return bytes.slice(0, below(random, bytes.length));
  },
  function append(bytes, random) {
    return Uint8Array.of(...bytes, ...random.bytes(1 + below(random, 64)));
  },
  function insert(bytes, random) {
    const at = below(random, bytes.length + 1);
    const inserted = random.bytes(1 + below(random, 16));
    return Uint8Array.of(...bytes.slice(0, at), ...inserted, ...bytes.slice(at));
  },
  function removeRange(bytes, random) {
    const at = below(random, bytes.length);
    return Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(at + 1 + below(random, 8)));
  },
  function noise(_, random) {
    return random.bytes(below(random, 80));
  },
];

/** Damage in a well-formed message: the header stays ours, so it reaches what is behind the decoder. */
type Change = (message: CoapMessage, random: Random) => Partial<CoapMessage>;

const pick = <T>(random: Random, items: readonly T[], fallback: T): T =>
  items[below(random, items.length)] ?? fallback;

const codesOfInterest = ["0.00", "0.01", "0.31", "1.00", "2.01", "2.02", "2.03", "2.04", "2.05"];
const moreCodes = ["2.31", "3.01", "4.00", "4.01", "4.08", "4.13", "5.00", "5.03", "6.00", "7.31"];
const numbers = [1, 4, 6, 9, 12, 14, 23, 27, 28, 60, 65_000];

const structured: readonly Change[] = [
  (_, random) => ({ type: pick(random, ["CON", "NON", "ACK", "RST"] as const, "CON") }),
  (_, random) => ({ code: pick(random, [...codesOfInterest, ...moreCodes], "2.05") }),
  (_, random) => ({ mid: below(random, 65_536) }),
  ({ mid }, random) => ({ mid: (mid + below(random, 5) - 2) & 0xffff }),
  (_, random) => ({ token: random.bytes(below(random, 9)) }),
  ({ options }, random) => ({ options: [...options, anyOption(random)] }),
  ({ options }, random) => ({ options: options.filter(() => random.fraction() < 0.5) }),
  ({ options }, random) => ({ options: [...options, ...options, anyOption(random)] }),
  ({ options }, random) => ({
    options: options.map((option) =>
      random.fraction() < 0.5 ? option : { ...option, value: random.bytes(below(random, 6)) },
    ),
  }),
  (_, random) => ({ payload: random.bytes(below(random, 1_200)) }),
];

const anyOption = (random: Random): CoapOption => ({
  number: random.fraction() < 0.8 ? pick(random, numbers, 6) : below(random, 65_536),
  value: random.bytes(below(random, random.fraction() < 0.9 ? 6 : 300)),
});

/** A copy of `valid` with one to three kinds of blind damage; never longer than 2 KiB. */
export function mutate(valid: Uint8Array, random: Random): Uint8Array {
  let bytes = Uint8Array.from(valid);
  for (let times = 1 + below(random, 3); times > 0 && bytes.length > 0; times--)
    bytes = Uint8Array.from(pick(random, blind, (same) => same)(bytes, random));
  return bytes.subarray(0, 2_048);
}

/** A well-formed relative of `valid`: other options, blocks, code, payload. */
export function mutateStructure(valid: Uint8Array, random: Random): Uint8Array {
  let message: CoapMessage = decode(valid);
  for (let times = 1 + below(random, 3); times > 0; times--) {
    const change = pick(random, structured, () => ({}));
    message = { ...message, ...change(message, random) };
  }
  // An empty message has nothing but its header.
  if (message.code === "0.00")
    message = { ...message, token: new Uint8Array(), options: [], payload: new Uint8Array() };
  return encode(message);
}
