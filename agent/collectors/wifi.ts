import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { decimal, unexpected } from "./parse.ts";
import { parseOptional } from "./read.ts";

const PATH = "/proc/net/wireless";

/** Fields after the name, counted in the kernel's own table: status, link, level, noise, six counters. */
const FIELDS = 10;

/** Weaker than this is no reception: a driver writes -256 while it knows nothing. */
const WEAKEST_DBM = -150;

/**
 * How well the access point is received (wireless extensions of the kernel):
 *
 *     Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 *      face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 *      wlan0: 0000   58.  -52.  -256        0      0      0      3      0        0
 *
 * Of several interfaces the first that has a value. A level of 0 or more is a quality in units of the driver: no value.
 */
export const wifi: Collector = {
  name: "wifi",
  metric: "wifi",
  keys: { wifiSignal: { unit: "dBm", meaning: "reception; -50 is good, -80 poor", source: PATH } },
  open(host, { networkInterfaces }) {
    const counts = (name: string) =>
      networkInterfaces.length === 0 || networkInterfaces.includes(name);
    const signalIn = (text: string) => {
      const levels = [...parseWireless(text)].filter(([name]) => counts(name));
      return levels.length === 0 ? null : signalOf(levels.map(([, level]) => level));
    };
    return () => parseOptional(host, PATH, signalIn);
  },
};

/** Level by the name of the interface. @throws AgentError `sensor` */
export function parseWireless(text: string): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  for (const line of text.split("\n").slice(2)) {
    const colon = line.indexOf(":");
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/ +/);
    const level = decimal(fields[2]);
    if (colon < 0 || level === null || fields.length < FIELDS)
      throw unexpected(PATH, "an interface's reception", line);
    levels.set(line.slice(0, colon).trim(), level);
  }
  return levels;
}

const signalOf = (levels: readonly number[]): Readings => {
  const wifiSignal = levels.find((level) => level < 0 && level >= WEAKEST_DBM);
  return wifiSignal === undefined ? {} : { wifiSignal };
};
