import type { Host, Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { readWhereFound } from "./found.ts";
import { findChip } from "./hwmon.ts";
import { scaled, unexpected } from "./parse.ts";
import { orAbsent, readOptional } from "./read.ts";

/** No core of a Raspberry Pi gets more: a fault of the driver. */
const HIGHEST_VOLTS = 20;

/**
 * Core voltage of a Raspberry Pi. The chip is called "rpi_volt", the rail is the one with the label "core\n"
 * (`in0_label`), in millivolts: "877\n" is 0.877 V. Older kernels have the alarm only.
 */
export const power: Collector = {
  name: "power",
  metric: "pi",
  keys: {
    coreVoltage: {
      unit: "V",
      meaning: "core voltage of the processor",
      source: "/sys/class/hwmon/hwmon*/in*_input",
      optional: true,
    },
  },
  open: (host) => readWhereFound(host, () => findCore(host), parseCoreVoltage),
};

async function findCore(host: Host): Promise<string | null> {
  const chip = await findChip(host, ["rpi_volt"]);
  if (chip === null) return null;
  const files = (await orAbsent(chip, () => host.readDir(chip))) ?? [];
  for (const file of files.filter((name) => /^in\d+_label$/.test(name))) {
    if ((await readOptional(host, `${chip}/${file}`)) === "core")
      return `${chip}/${file.replace("_label", "_input")}`;
  }
  return null;
}

/** @throws AgentError `sensor` */
export function parseCoreVoltage(path: string, text: string): Readings {
  const volts = scaled(text, 1000, 0, HIGHEST_VOLTS);
  if (volts === null) throw unexpected(path, "a voltage in mV", text);
  return { coreVoltage: volts };
}
