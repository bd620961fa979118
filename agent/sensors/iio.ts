import type { Host } from "../ports.ts";
import { type Address, addressOf, dirname, plain } from "./address.ts";
import { attribute, type Discovery, eachDevice } from "./devices.ts";
import { SensorFault } from "./fault.ts";
import {
  type KernelChannel,
  kernelChannel,
  number,
  type Reads,
  type ReadText,
} from "./kernel-channel.ts";
import { iioQuantities, type Quantity, unknownQuantity } from "./quantity.ts";

const DEVICES = "/sys/bus/iio/devices";

/**
 * in_<type><index>?(-<type><index>)?(_<modifier>)?_(raw|input): "in_voltage0_raw", "in_accel_x_raw", "in_temp_input", and the
 * difference of two inputs, "in_voltage0-voltage1_raw".
 */
const CHANNEL = /^in_([a-z]+)(\d*)(?:-\1(\d+))?(?:_([a-z0-9_]+))?_(raw|input)$/;

/** Statistics of the chip, not what it measures now. */
const NOT_LIVE = /^(mean|peak|trough|.*_(mean|peak|trough))$/;

export interface IioName {
  readonly type: string;
  readonly index: string;
  /** Index of the input that is taken off this one; "" for a channel by itself. */
  readonly minus: string;
  readonly modifier: string;
  readonly kind: "raw" | "input";
}

/** Null: not a channel that tells what is measured now. */
export function parseIioName(file: string): IioName | null {
  const [, type = "", index = "", minus = "", modifier = "", kind] = CHANNEL.exec(file) ?? [];
  if (kind !== "raw" && kind !== "input") return null;
  return NOT_LIVE.test(modifier) ? null : { type, index, minus, modifier, kind };
}

/** Where scale and offset may stand: for the channel, its type and modifier, its index, its type. */
export function sharedNames(name: IioName, what: "scale" | "offset"): readonly string[] {
  const { type, modifier, minus } = name;
  const modified = modifier === "" ? "" : `_${modifier}`;
  const types = minus === "" ? type : `${type}-${type}`;
  const names = [`${inputOf(name)}${modified}`, `${types}${modified}`, inputOf(name), types, type];
  return [...new Set(names)].map((stem) => `in_${stem}_${what}`);
}

/**
 * Channels of the industrial I/O subsystem; see ABI/testing/sysfs-bus-iio of the kernel's documentation.
 * value = (raw + offset) * scale, and an input is one already.
 */
export const discoverIio = (reads: Reads): Promise<Discovery> =>
  eachDevice(reads, DEVICES, /^iio:device\d+$/, async (device, files) => {
    const names = [...files].map(parseIioName).filter((name) => name !== null);
    const live = names.filter(
      (name) => name.kind === "input" || !files.has(`in_${channelName(name)}_input`),
    );
    if (live.length === 0) return [];
    const address = await iioAddress(reads.host, device, files);
    const chip = (await attribute(reads.host, `${device}/name`)) ?? "iio";
    return live.map((name) => iioChannel({ reads, device, files, chip, address }, name));
  });

interface Device {
  readonly reads: Reads;
  readonly device: string;
  readonly files: ReadonlySet<string>;
  readonly chip: string;
  readonly address: Address;
}

function iioChannel({ reads, device, files, chip, address }: Device, name: IioName): KernelChannel {
  const quantity = iioQuantities[name.type];
  const path = `${device}/in_${channelName(name)}_${name.kind}`;
  const shared = (what: "scale" | "offset") => {
    const file = sharedNames(name, what).find((candidate) => files.has(candidate));
    return file === undefined ? null : `${device}/${file}`;
  };
  const scaling = { scale: shared("scale"), offset: shared("offset") };
  const parts = {
    ...{ chip, address, path, surface: "iio" as const },
    name: channelName(name),
    which: `${name.index}${name.minus === "" ? "" : `x${name.minus}`}_${name.modifier}`,
    quantity: quantity ?? unknownQuantity(name.type),
    known: quantity !== undefined,
    // DHT11 and DHT22 take up to half a second, with the processor busy
    slow: /^dht(11|22)$/.test(chip),
  };
  const value =
    name.kind === "input"
      ? async (text: ReadText) => parts.quantity.convert(number(path, await text(path)))
      : (text: ReadText) => scaled(path, parts.quantity, scaling, text);
  return kernelChannel({ ...parts, value }, reads);
}

interface Scaling {
  readonly scale: string | null;
  readonly offset: string | null;
}

/** Scale and offset are read anew each time: another program may change the gain of an ADC. */
async function scaled(
  path: string,
  { convert, unscaled }: Quantity,
  { scale, offset }: Scaling,
  text: ReadText,
): Promise<number> {
  const raw = number(path, await text(path));
  if (scale === null && !unscaled)
    throw new SensorFault("bad value", `${path}: no scale, so it is a count of unknown size`);
  const shift = offset === null ? 0 : number(offset, await text(offset));
  const step = scale === null ? 1 : number(scale, await text(scale));
  return convert((raw + shift) * step);
}

/** "voltage0", "voltage0-voltage1" */
const inputOf = ({ type, index, minus }: IioName): string =>
  minus === "" ? `${type}${index}` : `${type}${index}-${type}${minus}`;

const channelName = (name: IioName): string =>
  name.modifier === "" ? inputOf(name) : `${inputOf(name)}_${name.modifier}`;

/** `…/i2c-1/1-0076/iio:device0`: the parent of the real path is the chip; a `label` of the device tree names it instead. */
async function iioAddress(
  host: Host,
  device: string,
  files: ReadonlySet<string>,
): Promise<Address> {
  const label = files.has("label") ? await attribute(host, `${device}/label`) : null;
  return addressOf(dirname(device), label === null ? null : plain(label));
}
