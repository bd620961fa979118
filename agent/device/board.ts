import type { Fingerprint } from "../credentials.ts";
import type { Host } from "../ports.ts";

/** What tells this board from its siblings. Null where the machine does not say. */
export interface Board {
  readonly model: string | null;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly machineId: string | null;
  readonly hostname: string | null;
}

/** World-readable files only: a source that needs root would change with the user that asks. */
export async function readBoard(host: Host): Promise<Board> {
  const text = async (path: string) => textOrNull(host, path);
  return {
    model: await text("/proc/device-tree/model"),
    serial: await text("/proc/device-tree/serial-number"),
    mac: await permanentMac(host),
    machineId: await text("/etc/machine-id"),
    hostname: (await text("/proc/sys/kernel/hostname")) ?? (await text("/etc/hostname")),
  };
}

/**
 * In order of how surely they stay with the board and not with the card: the Pi's serial, a burnt-in MAC address,
 * the machine-id. The last one is copied with a cloned card, so it is the last resort.
 */
export function fingerprintOf({ serial, mac, machineId }: Board): Fingerprint | null {
  if (serial) return { source: "serial", value: serial };
  if (mac) return { source: "mac", value: mac };
  if (machineId) return { source: "machine-id", value: machineId };
  return null;
}

/** The same source now. A source that cannot be read counts as unchanged: better one doubt than a device lost. */
export function isSameBoard(stored: Fingerprint | null, board: Board): boolean {
  if (!stored) return true;
  const now = { serial: board.serial, mac: board.mac, "machine-id": board.machineId };
  const value = now[stored.source];
  return value === null || value === stored.value;
}

/** Device-tree strings end in NUL: "Raspberry Pi 4 Model B Rev 1.5\0". */
async function textOrNull(host: Host, path: string): Promise<string | null> {
  const text = await host.readFile(path).catch(() => "");
  return text.replace(/[\0\s]+$/, "").trim() || null;
}

/** First interface, by name, whose address came with the hardware: addr_assign_type 0 (sysfs-class-net). */
async function permanentMac(host: Host): Promise<string | null> {
  const names = await host.readDir("/sys/class/net").catch(() => []);
  for (const name of names) {
    const assigned = await textOrNull(host, `/sys/class/net/${name}/addr_assign_type`);
    const address = await textOrNull(host, `/sys/class/net/${name}/address`);
    if (assigned === "0" && address && !/^(00:)*00$/.test(address)) return address;
  }
  return null;
}
