import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { readWhereFound } from "./found.ts";
import { findChip } from "./hwmon.ts";
import { count, unexpected } from "./parse.ts";

/** Drivers of the fans that boards have: the Pi 5's own, `i2c-fan` and `gpio-fan` of the overlays. */
const CHIPS = ["pwmfan", "cooling_fan", "emc2301", "emc2305", "gpio_fan"];

/** No fan turns faster: a fault of the driver. */
const HIGHEST_RPM = 100_000;

/** Speed of the first fan: "2874\n". A fan without a tachometer has no such file. */
export const fan: Collector = {
  name: "fan",
  metric: "fan",
  keys: {
    fanRpm: {
      unit: "rpm",
      meaning: "speed of the board's fan",
      source: "/sys/class/hwmon/hwmon*/fan1_input",
      whole: true,
    },
  },
  open(host) {
    const find = async () => {
      const chip = await findChip(host, CHIPS);
      return chip === null ? null : `${chip}/fan1_input`;
    };
    return readWhereFound(host, find, parseFan);
  },
};

/** @throws AgentError `sensor` */
export function parseFan(path: string, text: string): Readings {
  const rpm = count(text);
  if (rpm === null || rpm > HIGHEST_RPM) throw unexpected(path, "a speed in rpm", text);
  return { fanRpm: rpm };
}
