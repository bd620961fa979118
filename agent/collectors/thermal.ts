import type { Host, Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { decimal, unexpected } from "./parse.ts";
import { orAbsent, readOptional } from "./read.ts";

const ZONES = "/sys/class/thermal";

/** The type of the zone on a Raspberry Pi. */
const RASPBERRY_PI_TYPE = "cpu-thermal";

/** Outside of this a reading is a fault of the driver, not a temperature. */
const LOWEST_CELSIUS = -100;
const HIGHEST_CELSIUS = 400;

/**
 * Temperature of the processor. The kernel writes millidegrees Celsius: "48199\n" is 48.199 °C.
 * Zones are numbered in probe order, so the zone is found by its type: "cpu-thermal\n".
 */
export const thermal: Collector = {
  name: "thermal",
  metric: "cpu",
  keys: { cpuTemperature: { unit: "°C" } },
  open(host) {
    let path: string | null = null;
    return async () => {
      path ??= await findZone(host);
      if (path === null) return null;
      const text = await readOptional(host, path);
      if (text !== null) return parseTemperature(path, text);
      path = null; // the driver was unloaded; another zone may appear
      return null;
    };
  },
};

/** @throws AgentError `sensor` when no zone fits and the type of one could not be read: it may be the one */
async function findZone(host: Host): Promise<string | null> {
  const names = (await orAbsent(ZONES, () => host.readDir(ZONES))) ?? [];
  const zones = names.filter((name) => /^thermal_zone\d+$/.test(name));
  const types = await Promise.allSettled(
    zones.map((zone) => readOptional(host, `${ZONES}/${zone}/type`)),
  );
  const zone = cpuZone(
    zones.map((name, index) => {
      const type = types[index];
      return { name, type: type?.status === "fulfilled" ? (type.value ?? "") : "" };
    }),
  );
  if (zone !== null) return `${ZONES}/${zone}/temp`;
  const failed = types.find((type) => type.status === "rejected");
  if (failed) throw failed.reason;
  return null;
}

/** The zone of the Raspberry Pi's type, else the first that names the processor or the chip it is on. */
export function cpuZone(
  zones: readonly { readonly name: string; readonly type: string }[],
): string | null {
  const zone =
    zones.find(({ type }) => type === RASPBERRY_PI_TYPE) ??
    zones.find(({ type }) => /cpu|soc/i.test(type));
  return zone?.name ?? null;
}

/** @throws AgentError `sensor` */
export function parseTemperature(path: string, text: string): Readings {
  const millidegrees = decimal(text);
  const celsius = (millidegrees ?? Number.NaN) / 1000;
  if (!(celsius >= LOWEST_CELSIUS && celsius <= HIGHEST_CELSIUS))
    throw unexpected(path, "a temperature in millidegrees", text);
  return { cpuTemperature: celsius };
}
