import { orAbsent } from "../collectors/read.ts";
import type { Host } from "../ports.ts";
import type { Channel } from "./channel.ts";
import { freeName } from "./keys.ts";
import { I2C_LINE, i2cOverlays, W1_LINE } from "./overlays.ts";

const CONFIG_TXT = "/boot/firmware/config.txt";

/**
 * [[sensors]] blocks to paste. Stock widgets expect a plain "temperature", so the first plugged-in sensor of a quantity
 * gets that, unless a key of the configuration is `inUse` by that name; the others their default keys. It is the block that makes a plain key last, not the order of the scan.
 */
export function suggestToml(
  channels: readonly Channel[],
  inUse: ReadonlySet<string> = new Set(),
): string {
  const taken = new Set(inUse);
  const keyOf = ({ automatic, quantity, key }: Channel): string => {
    const plain = automatic && /^[a-z][A-Za-z0-9]*$/.test(quantity) && !taken.has(quantity);
    const free = plain ? quantity : freeName(key ?? quantity, (name) => taken.has(name));
    taken.add(free);
    return free;
  };
  return channels
    .map((channel) => {
      const id = JSON.stringify(channel.id);
      return `[[sensors]]\ntype = "kernel"\nid = ${id}\nkey = ${JSON.stringify(keyOf(channel))}\n`;
    })
    .join("\n");
}

/**
 * What probably has to be added to config.txt for a sensor to appear: for a bus that is off, and for one with nothing on
 * it. Empty on what is no Raspberry Pi.
 * @throws AgentError `sensor` when a folder of the kernel cannot be read
 */
export async function missingBusHints(host: Host): Promise<readonly string[]> {
  const model = await orAbsent(MODEL, () => host.readFile(MODEL, 256));
  if (!model?.startsWith("Raspberry Pi")) return [];
  return [...(await w1Hints(host)), ...(await i2cHints(host))];
}

const MODEL = "/proc/device-tree/model";

async function w1Hints(host: Host): Promise<readonly string[]> {
  const names = await namesIn(host, "/sys/bus/w1/devices");
  return names.some((name) => /^w1_bus_master\d+$/.test(name))
    ? []
    : [`1-Wire is off; to turn it on add "${W1_LINE}" to ${CONFIG_TXT} and reboot`];
}

async function i2cHints(host: Host): Promise<readonly string[]> {
  const names = await namesIn(host, "/sys/bus/i2c/devices");
  const buses = names.flatMap((name) => /^i2c-(\d+)$/.exec(name)?.[1] ?? []);
  if (buses.length === 0)
    return [`I2C is off; to turn it on add "${I2C_LINE}" to ${CONFIG_TXT} and reboot`];
  // Bus 0 belongs to camera and display, 10 and up to HDMI: nothing is ever plugged in there.
  return buses
    .filter((bus) => /^[1-9]$/.test(bus) && !names.some((name) => name.startsWith(`${bus}-`)))
    .map(
      (bus) =>
        `I2C bus ${bus} has no sensor that the kernel knows; add the line of yours to ${CONFIG_TXT} and reboot:${examples}`,
    );
}

const examples = i2cOverlays.map(({ sensors, line }) => `\n  ${line}   (${sensors})`).join("");

const namesIn = async (host: Host, folder: string): Promise<readonly string[]> =>
  (await orAbsent(folder, () => host.readDir(folder))) ?? [];
