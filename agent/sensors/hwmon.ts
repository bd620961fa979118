import { type Address, addressOf, basename, dirname } from "./address.ts";
import { attribute, type Discovery, eachDevice } from "./devices.ts";
import { SensorFault } from "./fault.ts";
import {
  type KernelChannel,
  kernelChannel,
  number,
  type Reads,
  type ReadText,
} from "./kernel-channel.ts";
import { hwmonQuantities } from "./quantity.ts";

const CHIPS = "/sys/class/hwmon";

/** "temp1_input", "power1_average", "pwm1" */
const CHANNEL =
  /^(?:(temp|humidity|in|curr|power|energy|fan|freq)(\d+)_(input|average)|(pwm)(\d+))$/;

export interface HwmonName {
  readonly type: string;
  readonly index: string;
  readonly file: string;
}

/** Null: not a channel. */
export function parseHwmonName(file: string): HwmonName | null {
  const [, type, index, , pwm, pwmIndex] = CHANNEL.exec(file) ?? [];
  if (type !== undefined && index !== undefined) return { type, index, file };
  return pwm !== undefined && pwmIndex !== undefined ? { type: pwm, index: pwmIndex, file } : null;
}

/**
 * Channels of hardware monitoring chips; see hwmon/sysfs-interface of the kernel's documentation. Left out: the copy of
 * a thermal zone, which is read as one, and that of a 1-Wire sensor, each read of which would be a conversion of 750 ms.
 */
export const discoverHwmon = (reads: Reads): Promise<Discovery> =>
  eachDevice(reads, CHIPS, /^hwmon\d+$/, async (folder, files) => {
    const names = [...files].map(parseHwmonName).filter((name) => name !== null);
    const live = names.filter(
      ({ type, index, file }) => !file.endsWith("_average") || !files.has(`${type}${index}_input`),
    );
    if (live.length === 0) return [];
    const address = await hwmonAddress(reads, folder, files);
    if (isCopy(address)) return [];
    const chip = (await attribute(reads.host, `${folder}/name`)) ?? "hwmon";
    return await Promise.all(
      live.map((name) => hwmonChannel({ reads, folder, files, chip, address }, name)),
    );
  });

interface Chip {
  readonly reads: Reads;
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  readonly chip: string;
  readonly address: Address;
}

async function hwmonChannel(
  { reads, folder, files, chip, address }: Chip,
  name: HwmonName,
): Promise<KernelChannel> {
  const { type, index, file } = name;
  const base = `${type}${index}`;
  const path = `${folder}/${file}`;
  const quantity = hwmonQuantities[type];
  if (!quantity) throw new Error(`no quantity for ${type}`);
  const label = files.has(`${base}_label`) ? await labelOf(reads, `${folder}/${base}_label`) : null;
  const flag = (what: string, bad: number, says: string) =>
    files.has(`${base}_${what}`) ? [{ path: `${folder}/${base}_${what}`, bad, says }] : [];
  // pwm1_enable = 0 means full speed, not off
  const enable = type === "pwm" ? [] : flag("enable", 0, "switched off");
  const flags = [...flag("fault", 1, "reported as broken by the chip"), ...enable];
  return kernelChannel(
    {
      ...{ chip, address, path, quantity, surface: "hwmon", known: true, slow: false },
      name: label ?? base,
      which: label ?? index,
      value: async (text) => {
        await checkFlags(flags, text);
        return quantity.convert(number(path, await text(path)));
      },
    },
    reads,
  );
}

interface Flag {
  readonly path: string;
  readonly bad: number;
  readonly says: string;
}

/** @throws SensorFault `absent`: such a channel is left out in silence, until its flag says otherwise */
async function checkFlags(flags: readonly Flag[], text: ReadText): Promise<void> {
  for (const { path, bad, says } of flags) {
    if (number(path, await text(path)) === bad) throw new SensorFault("absent", `${path}: ${says}`);
  }
}

/** "Composite\n" -> "composite": part of the id, so lower case and without spaces. A label that cannot be read is none. */
async function labelOf(reads: Reads, path: string): Promise<string | null> {
  const text = await attribute(reads.host, path);
  const slug = text
    ?.toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
  return slug || null;
}

/** What the chip sits on. A chip of the kernel's own making has no `device`, and then no address. */
async function hwmonAddress(
  { host }: Reads,
  folder: string,
  files: ReadonlySet<string>,
): Promise<Address> {
  if (files.has("device")) return addressOf(await host.realPath(`${folder}/device`), null);
  return { text: null, bus: basename(folder), pluggable: false, realPath: dirname(folder) };
}

const isCopy = ({ realPath }: Address): boolean =>
  /^(thermal_zone\d+|[0-9a-f]{2}-[0-9a-f]{12})$/.test(basename(realPath));
