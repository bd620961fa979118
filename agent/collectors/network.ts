import { andThen } from "../awaitable.ts";
import type { Awaitable, Host, Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { count, unexpected } from "./parse.ts";
import { createPace, sumPerSecond } from "./rate.ts";
import { orAbsent, parseOptional } from "./read.ts";

const PATH = "/proc/net/dev";

/** A line is about 120 bytes, and a host of containers has hundreds of interfaces. */
const LIMIT_BYTES = 256 * 1024;

/**
 * Bytes per second received and sent by the physical interfaces together. The kernel counts bytes (proc_net_dev(5)):
 *
 *     Inter-|   Receive                                                |  Transmit
 *      face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop …
 *      eth0: 275099651    7238    0    0    0     0          0         0   540063    4627    0    0 …
 *
 * An interface seen for the first time only sets its baseline.
 */
export const network: Collector = {
  name: "network",
  metric: "network",
  keys: {
    networkRxBps: { unit: "bytes/s", meaning: "received, mean since the last look", source: PATH },
    networkTxBps: { unit: "bytes/s", meaning: "sent, mean since the last look", source: PATH },
  },
  open(host, { networkInterfaces }) {
    const pace = createPace();
    const choose =
      networkInterfaces.length > 0
        ? (names: readonly string[]) => names.filter((name) => networkInterfaces.includes(name))
        : physicalInterfaces(host);
    let before: Traffic = new Map();
    const ratesAt = (now: Traffic, names: readonly string[], monotonicMs: number) => {
      const gapMs = pace(monotonicMs);
      const readings = gapMs === null ? {} : trafficRates(before, now, names, gapMs);
      before = now;
      return names.length === 0 ? null : readings;
    };
    const look = (text: string, monotonicMs: number) => {
      const now = parseTraffic(text);
      return andThen(choose([...now.keys()]), (names) => ratesAt(now, names, monotonicMs));
    };
    return ({ monotonicMs }) =>
      parseOptional(host, PATH, (text) => look(text, monotonicMs), LIMIT_BYTES);
  },
};

/** Bytes since the interface came up, by its name. */
export type Traffic = ReadonlyMap<string, { readonly rx: number; readonly tx: number }>;

/** Its name, the first counter and the ninth. "eth0:275099651" without a space: older kernels. */
const INTERFACE = /^ *([^:]*[^: ]) *: *(\d+)(?: +\d+){7} +(\d+)(?: +\d+)* *$/;

/** @throws AgentError `sensor` */
export function parseTraffic(text: string): Traffic {
  const traffic = new Map<string, { rx: number; tx: number }>();
  for (const line of text.split("\n").slice(2)) {
    // No destructuring here: iterators cost more than what they are asked for.
    const found = INTERFACE.exec(line);
    const name = found?.[1];
    const rx = count(found?.[2]);
    const tx = count(found?.[3]);
    if (name === undefined || rx === null || tx === null)
      throw unexpected(PATH, "an interface's counters", line);
    traffic.set(name, { rx, tx });
  }
  return traffic;
}

/** Sum over the interfaces that have a rate now; a key is absent when none has. */
export function trafficRates(
  before: Traffic,
  now: Traffic,
  names: readonly string[],
  gapMs: number,
): Readings {
  const rx = sumPerSecond(before, now, names, gapMs, (bytes) => bytes.rx);
  const tx = sumPerSecond(before, now, names, gapMs, (bytes) => bytes.tx);
  return {
    ...(rx === null ? {} : { networkRxBps: rx }),
    ...(tx === null ? {} : { networkTxBps: tx }),
  };
}

/**
 * Those with a device behind them, which leaves out lo, bridges, veth, tun and docker; in a container, where none has one,
 * all but lo. Asked once per interface: whether it is physical does not change while it has its name.
 */
function physicalInterfaces(host: Host) {
  let known = new Map<string, boolean>();
  let hadPhysical = false;
  const learn = async (names: readonly string[]) => {
    const next = new Map<string, boolean>();
    for (const name of names) next.set(name, known.get(name) ?? (await hasDevice(host, name)));
    known = next;
    return choose(names);
  };
  const choose = (names: readonly string[]): readonly string[] => {
    const physical = names.filter((name) => known.get(name));
    // A board whose only adapter was pulled out must not report its bridges instead.
    hadPhysical ||= physical.length > 0;
    return hadPhysical ? physical : names.filter((name) => name !== "lo");
  };
  const isKnown = (names: readonly string[]) =>
    names.length === known.size && names.every((name) => known.has(name));
  return (names: readonly string[]): Awaitable<readonly string[]> =>
    isKnown(names) ? choose(names) : learn(names);
}

async function hasDevice(host: Host, name: string): Promise<boolean> {
  const link = `/sys/class/net/${name}/device`;
  return (await orAbsent(link, () => host.realPath(link))) !== null;
}
