import type { Channel } from "./channel.ts";

/** As [[sensors]] demands of a key: `^[a-z][A-Za-z0-9]{0,63}$`. */
const LONGEST_KEY = 64;

export interface KeyParts {
  readonly chip: string;
  readonly address: string;
  /** "temperature" */
  readonly quantity: string;
  /** Index, modifier or label that tells channels of one quantity apart: "0", "x", "composite"; else "". */
  readonly which: string;
}

/** "bme280", "1-0076", "temperature" -> "bme280At1x76Temperature": the key that a channel has by itself. */
export function defaultKey({ chip, address, quantity, which }: KeyParts): string {
  const head = camel(chip).replace(/^[A-Z]/, (first) => first.toLowerCase());
  const start = /^[a-z]/.test(head) ? head : `chip${capital(head)}`;
  return `${start}At${addressPart(address)}${capital(quantity)}${camel(which)}`.slice(
    0,
    LONGEST_KEY,
  );
}

/** "1-0076" -> "1x76"; of a 1-Wire code the 12 digits; elsewhere "spi0.0" -> "Spi0x0". */
function addressPart(address: string): string {
  const i2c = /^(\d+)-00([0-9a-f]{2})$/.exec(address);
  if (i2c) return `${i2c[1]}x${i2c[2]}`;
  const code = /^[0-9a-f]{2}-([0-9a-f]{12})$/.exec(address)?.[1];
  return code ?? capital(address.replace(/[^A-Za-z0-9]+/g, "x"));
}

const capital = (text: string) => text.replace(/^[a-z]/, (first) => first.toUpperCase());
const camel = (text: string) =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map(capital)
    .join("");

/** `name`, or the first of name2, name3… that `taken` does not have. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  let free = name;
  for (let number = 2; taken(free); number++) {
    free = `${name.slice(0, LONGEST_KEY - String(number).length)}${number}`;
  }
  return free;
}

/** Ids and keys made unique, in the order given: that of real paths, which does not change between boots. */
export function withUniqueNames<T extends Channel>(
  channels: readonly T[],
  onClash: (key: string, id: string) => void,
): readonly T[] {
  const ids = new Set<string>();
  const keys = new Set<string>();
  return channels.map((channel) => {
    const id = freeName(channel.id, (name) => ids.has(name));
    ids.add(id);
    if (channel.key === null) return { ...channel, id };
    const key = freeName(channel.key, (name) => keys.has(name));
    keys.add(key);
    if (key !== channel.key) onClash(key, id);
    return { ...channel, id, key };
  });
}
