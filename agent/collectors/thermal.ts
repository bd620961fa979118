import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { findFolder, type NamedFolder, readWhereFound } from "./found.ts";
import { scaled, unexpected } from "./parse.ts";

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
  keys: {
    cpuTemperature: {
      unit: "°C",
      meaning: "temperature of the processor",
      source: `${ZONES}/thermal_zone*/temp`,
    },
  },
  open(host) {
    const find = async () => {
      const zones = { pattern: /^thermal_zone\d+$/, label: "type" };
      const zone = await findFolder(host, ZONES, zones, cpuZone);
      return zone === null ? null : `${zone}/temp`;
    };
    return readWhereFound(host, find, parseTemperature);
  },
};

/** The zone of the Raspberry Pi's type, else the first that names the processor or the chip it is on. */
export const cpuZone = (zones: readonly NamedFolder[]): NamedFolder | undefined =>
  zones.find(({ label }) => label === RASPBERRY_PI_TYPE) ??
  zones.find(({ label }) => /cpu|soc/i.test(label));

/** @throws AgentError `sensor` */
export function parseTemperature(path: string, text: string): Readings {
  const celsius = scaled(text, 1000, LOWEST_CELSIUS, HIGHEST_CELSIUS);
  if (celsius === null) throw unexpected(path, "a temperature in millidegrees", text);
  return { cpuTemperature: celsius };
}
