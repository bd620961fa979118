import type { Fingerprint } from "../credentials.ts";
import type { Host } from "../ports.ts";
import { namesIn, textOrNull } from "./host-text.ts";

/** What tells this board from its siblings. Null where the machine does not say. */
export interface Board {
  readonly model: string | null;
  readonly serial: string | null;
  /** All burnt-in addresses, the wired ones first: a second network card does not make another board. */
  readonly macs: readonly string[];
  readonly machineId: string | null;
  readonly hostname: string | null;
}

/** World-readable files only: a source that needs root would change with the user that asks. */
export async function readBoard(host: Host): Promise<Board> {
  const text = async (path: string) => textOrNull(host, path);
  return {
    model: await text("/proc/device-tree/model"),
    serial: await text("/proc/device-tree/serial-number"),
    macs: await permanentMacs(host),
    machineId: await text("/etc/machine-id"),
    hostname: (await text("/proc/sys/kernel/hostname")) ?? (await text("/etc/hostname")),
  };
}

/**
 * In order of how surely they stay with the board and not with the card: the Pi's serial, a burnt-in MAC address,
 * the machine-id. The last one is copied with a cloned card, so it is the last resort.
 */
export function fingerprintOf({ serial, macs, machineId }: Board): Fingerprint | null {
  const [mac] = macs;
  if (serial) return { source: "serial", value: serial };
  if (mac) return { source: "mac", value: mac };
  if (machineId) return { source: "machine-id", value: machineId };
  return null;
}

/** The same source now. A source that cannot be read counts as unchanged: better one doubt than a device lost. */
export function isSameBoard(stored: Fingerprint | null, board: Board): boolean {
  if (!stored) return true;
  const now = {
    serial: board.serial === null ? [] : [board.serial],
    mac: board.macs,
    "machine-id": board.machineId === null ? [] : [board.machineId],
  }[stored.source];
  return now.length === 0 || now.includes(stored.value);
}

/** Addresses that came with the hardware: addr_assign_type 0 (sysfs-class-net). Wired before wireless, then by name. */
async function permanentMacs(host: Host): Promise<readonly string[]> {
  const names = await namesIn(host, "/sys/class/net");
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = `/sys/class/net/${name}`;
      const assigned = await textOrNull(host, `${folder}/addr_assign_type`);
      const address = await textOrNull(host, `${folder}/address`);
      const wireless = (await namesIn(host, folder)).includes("wireless");
      return { burntIn: assigned === "0", address: address ?? "", wireless };
    }),
  );
  const real = found.filter(({ burntIn, address }) => burntIn && /[1-9a-f]/i.test(address));
  return [
    ...real.filter(({ wireless }) => !wireless),
    ...real.filter(({ wireless }) => wireless),
  ].map(({ address }) => address);
}
