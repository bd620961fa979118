import type { KernelSensor } from "../config/sensor-config.ts";
import { AgentError } from "../errors.ts";
import type { Look, Readings } from "../ports.ts";
import { acceptAll, LOOK_DEADLINE_MS, type ReadingSpec, type Source } from "../source.ts";
import { calibrate } from "./calibrate.ts";
import { classify } from "./fault.ts";
import { sourceOf } from "./from-config.ts";
import type { KernelChannel } from "./kernel-channel.ts";
import { patiently } from "./patience.ts";
import type { Registry } from "./registry.ts";

/** For all channels of a slow bus, one after the other; each read has a limit of its own. */
const SLOW_DEADLINE_MS = 60_000;

/** A channel that nobody listed, under the key given to it; `tellsGone` as in SensorSettings. */
export function foundSource(
  channel: KernelChannel,
  key: string,
  registry: Registry,
  tellsGone = false,
): Source {
  const collect = patiently(({ signal }) => channel.read(signal));
  return {
    name: channel.id,
    intervalMs: null,
    schedule: null,
    rule: acceptAll,
    deadlineMs: channel.slow ? SLOW_DEADLINE_MS : LOOK_DEADLINE_MS,
    group: slowGroup(channel.id),
    keys: { [key]: specOf(channel) },
    collect: async (look) => {
      try {
        const value = await collect(look);
        if (value === null) return null;
        registry.works(channel);
        return { [key]: value };
      } catch (error) {
        if (tellsGone || classify(error) !== "gone") throw error;
        registry.drop(channel);
        return null;
      }
    },
  };
}

/**
 * The channel that an entry names, whenever it is there; `keyOf` gives the key of one whose entry names none. Its bus and
 * unit are known only once it was seen.
 */
export function configuredSource(
  config: KernelSensor,
  registry: Registry,
  keyOf: (channel: KernelChannel) => string | null,
): Source {
  let keys: Readonly<Record<string, ReadingSpec>> = {};
  let followed: { channel: KernelChannel; read: (look: Look) => Promise<number | null> } | null =
    null;
  const follow = (channel: KernelChannel) => {
    if (followed?.channel !== channel) {
      const read = patiently((look) => channel.read(look.signal, config.timeout ?? undefined));
      followed = { channel, read };
    }
    return followed.read;
  };

  const collect = async (look: Look): Promise<Readings | null> => {
    const channel = (await registry.channels(look.monotonicMs)).find(({ id }) => id === config.id);
    if (!channel) throw notThere(config.id);
    const key = config.key ?? keyOf(channel);
    if (key === null) throw noKey(config.id);
    keys = { [key]: { ...specOf(channel), unit: config.unit ?? channel.unit } };
    try {
      const value = await follow(channel)(look);
      if (value === null) return null;
      registry.works(channel);
      return { [key]: calibrate(value, config) };
    } catch (error) {
      if (classify(error) !== "gone") throw error;
      registry.drop(channel);
      throw notThere(config.id, error);
    }
  };

  if (config.key !== null) keys = { [config.key]: { unit: config.unit ?? "", source: config.id } };
  const group = slowGroup(config.id);
  const deadlineMs = group === null ? (config.timeout ?? LOOK_DEADLINE_MS) : SLOW_DEADLINE_MS;
  const source = sourceOf(config, { name: config.id, group, deadlineMs, keys, collect });
  return {
    ...source,
    get keys() {
      return keys;
    },
  };
}

const specOf = ({ unit, path }: KernelChannel): ReadingSpec => ({ unit, source: path });

/** By the id alone, because the chip may not be there yet: all of 1-Wire, or the one line of a DHT. */
const slowGroup = (id: string): string | null =>
  /@[0-9a-f]{2}-[0-9a-f]{12}\//.test(id) ? "w1" : (/^dht(?:11|22)@(.+)\//.exec(id)?.[1] ?? null);

const notThere = (id: string, cause?: unknown) =>
  new AgentError("sensor", `${id} is not there`, {
    cause,
    hint: "see what is: pipit sensors scan",
  });

const noKey = (id: string) =>
  new AgentError("sensor", `${id} has no stable address, so no key of its own`, {
    hint: `give it one in its [[sensors]] entry: key = "…"`,
  });
