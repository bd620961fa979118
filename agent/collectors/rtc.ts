import type { Host, Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { readWhereFound } from "./found.ts";
import { scaled, unexpected } from "./parse.ts";
import { orAbsent } from "./read.ts";

const CLOCKS = "/sys/class/rtc";

/** A cell of 3 V, or a supercapacitor on a charger: more is a fault of the driver. */
const HIGHEST_VOLTS = 20;

/**
 * Cell that keeps the clock of a Raspberry Pi 5 going. The driver writes microvolts: "3012000\n" is 3.012 V. Other clocks
 * have no such file; which number this one has depends on the overlays.
 */
export const rtc: Collector = {
  name: "rtc",
  metric: "pi",
  keys: {
    rtcBatteryVoltage: {
      unit: "V",
      meaning: "voltage of the clock's cell; about 0 without one",
      source: `${CLOCKS}/rtc*/battery_voltage`,
      optional: true,
    },
  },
  open: (host) => readWhereFound(host, () => findCell(host), parseCell),
};

async function findCell(host: Host): Promise<string | null> {
  const names = (await orAbsent(CLOCKS, () => host.readDir(CLOCKS))) ?? [];
  for (const name of names.filter((candidate) => /^rtc\d+$/.test(candidate))) {
    const path = `${CLOCKS}/${name}/battery_voltage`;
    if ((await orAbsent(path, () => host.realPath(path))) !== null) return path;
  }
  return null;
}

/** @throws AgentError `sensor` */
export function parseCell(path: string, text: string): Readings {
  const volts = scaled(text, 1e6, 0, HIGHEST_VOLTS);
  if (volts === null) throw unexpected(path, "a voltage in µV", text);
  return { rtcBatteryVoltage: volts };
}
