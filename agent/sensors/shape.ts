import type { ExecSensor, FileSensor } from "../config/sensor-config.ts";
import type { Readings } from "../ports.ts";
import { calibrate } from "./calibrate.ts";
import { parseKeyValues, parseNumber, parseObject } from "./program-output.ts";

/** What a program printed or a file holds, as its entry says it is to be understood. @throws AgentError `sensor` */
export function shape(
  config: Pick<ExecSensor | FileSensor, "format" | "key" | "factor" | "offset">,
  origin: string,
  text: string,
): Readings {
  const { format, key } = config;
  if (format === "number") return { [key ?? origin]: calibrate(parseNumber(origin, text), config) };
  const parse = format === "json" ? parseObject : parseKeyValues;
  return Object.fromEntries(
    Object.entries(parse(origin, text)).map(([name, value]) => [
      prefixed(key, name),
      typeof value === "number" ? calibrate(value, config) : value,
    ]),
  );
}

/** "upsCharge" and "voltage" make "upsChargeVoltage". */
const prefixed = (prefix: string | null, name: string): string =>
  prefix === null ? name : `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
