import { unexpected } from "../collectors/parse.ts";
import { addressOf, basename, dirname } from "./address.ts";
import { type Discovery, eachDevice } from "./devices.ts";
import { SensorFault } from "./fault.ts";
import { kernelChannel, number, type Reads, type ReadText } from "./kernel-channel.ts";
import { w1Temperature } from "./quantity.ts";

const DEVICES = "/sys/bus/w1/devices";

/** Thermometers by the family code that begins their ROM code. */
const FAMILIES: Readonly<Record<string, string>> = {
  "10": "ds18s20",
  "22": "ds1822",
  "28": "ds18b20",
  "3b": "ds1825",
  "42": "ds28ea00",
};

// Millidegrees. What the chip holds after power-on, before its first conversion; what it sends on a weak supply.
const POWER_ON = 85_000;
const WEAK_SUPPLY = 127_937;
/** So near to the last good value, 85 °C is believed. */
const BELIEVED = 5_000;

/** Thermometers on 1-Wire; see w1/slaves/w1_therm of the kernel's documentation. Each read is a conversion of 750 ms. */
export const discoverW1 = (reads: Reads): Promise<Discovery> =>
  eachDevice(reads, DEVICES, /^(10|22|28|3b|42)-[0-9a-f]{12}$/, async (device, files) => {
    const code = basename(device);
    const chip = FAMILIES[code.slice(0, 2)];
    if (chip === undefined) return [];
    const direct = files.has("temperature") || !files.has("w1_slave");
    const path = `${device}/${direct ? "temperature" : "w1_slave"}`;
    const parse = direct ? parseTemperature : parseScratchpad;
    const check = createCheck(path);
    const value = async (text: ReadText) =>
      w1Temperature.convert(check(parse(path, await text(path))));
    const address = { ...addressOf(device, null), bus: basename(dirname(device)), pluggable: true };
    const parts = { chip, address, path, value, surface: "w1", slow: true, known: true } as const;
    return [kernelChannel({ ...parts, name: "temp", which: "", quantity: w1Temperature }, reads)];
  });

/** Millidegrees: "21437\n". The driver writes nothing when the checksum is wrong. @throws SensorFault */
export function parseTemperature(path: string, text: string): number {
  if (text.trim() === "")
    throw new SensorFault(
      "bus fault",
      `${path}: empty, so the checksum (CRC) of the chip was wrong`,
    );
  return number(path, text);
}

/** "… : crc=0c YES" and "… t=21437": drivers before 5.8 have no other file. @throws SensorFault */
export function parseScratchpad(path: string, text: string): number {
  const [verdict = "", values = ""] = text.split("\n");
  if (/ NO$/.test(verdict))
    throw new SensorFault("bus fault", `${path}: the checksum (CRC) of the chip was wrong`);
  const value = / t=(\S+)$/.exec(values)?.[1];
  if (!/ YES$/.test(verdict) || value === undefined)
    throw new SensorFault("bad value", unexpected(path, "a scratchpad", text).message);
  return number(path, value);
}

/** Refuses what the chip sends without having measured; it remembers the last good value of its channel. */
function createCheck(path: string) {
  let lastGood: number | null = null;
  return (value: number): number => {
    const near = lastGood !== null && Math.abs(value - lastGood) <= BELIEVED;
    if (value === WEAK_SUPPLY || (value === POWER_ON && !near))
      throw new SensorFault("bad value", `${path}: ${value / 1_000} °C is no measurement`, {
        hint: "the chip lost power: check its supply and the pull-up resistor of 4.7 kΩ",
      });
    if (value >= -55_000 && value <= 125_000) lastGood = value;
    return value;
  };
}
