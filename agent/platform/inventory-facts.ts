import type { Readings } from "../ports.ts";

/** Those members of systeminformation's answers that we use; any of them may be missing, whatever its types say. */
export interface Findings {
  readonly os: { readonly codename?: unknown; readonly uefi?: unknown };
  readonly system: {
    readonly manufacturer?: unknown;
    readonly version?: unknown;
    readonly virtual?: unknown;
    readonly virtualHost?: unknown;
    readonly raspberry?: { readonly revision?: unknown; readonly processor?: unknown };
  };
  readonly disks: readonly {
    /** "/dev/mmcblk0" */
    readonly device?: unknown;
    readonly name?: unknown;
    readonly vendor?: unknown;
    readonly type?: unknown;
    readonly interfaceType?: unknown;
    readonly firmwareRevision?: unknown;
    readonly size?: unknown;
  }[];
  readonly blocks: readonly {
    readonly name?: unknown;
    readonly type?: unknown;
    readonly fsType?: unknown;
    readonly mount?: unknown;
    readonly size?: unknown;
    readonly model?: unknown;
  }[];
}

const nothing: Findings = { os: {}, system: {}, disks: [], blocks: [] };

/**
 * Asks the whole machine, by some 35 child processes. Only for the short-lived `pipit inventory`: in the agent the library
 * would stay in memory for ever.
 */
export async function gatherInventory(): Promise<Readings> {
  const { default: si } = await import("systeminformation");
  const [os, system, disks, blocks] = await Promise.allSettled([
    si.osInfo(),
    si.system(),
    si.diskLayout(),
    si.blockDevices(),
  ]);
  return inventoryOf({
    os: os.status === "fulfilled" ? os.value : nothing.os,
    system: system.status === "fulfilled" ? system.value : nothing.system,
    disks: disks.status === "fulfilled" ? disks.value : nothing.disks,
    blocks: blocks.status === "fulfilled" ? blocks.value : nothing.blocks,
  });
}

/** What could be found out, under the names of docs/attributes.md. */
export function inventoryOf({ os, system, disks, blocks }: Findings): Readings {
  const root = blocks.find(({ mount }) => mount === "/");
  const rootName = word(root?.name) ?? "";
  const isMain = (name: unknown) => rootName.startsWith(word(name)?.replace("/dev/", "") ?? "-");
  const physical = disks.filter(({ device }) => !isInMemory(device));
  const disk = physical.find(({ device }) => isMain(device)) ?? physical[0];
  const wholes = blocks.filter(({ type, name }) => type === "disk" && !isInMemory(name));
  const whole = wholes.find(({ name }) => isMain(name)) ?? wholes[0];
  const found = {
    osCodename: word(os.codename),
    bootFirmware: os.uefi === true ? "UEFI" : null,
    boardVendor: word(system.manufacturer),
    boardVersion: word(system.version),
    boardRevision: word(system.raspberry?.revision),
    boardProcessor: word(system.raspberry?.processor),
    virtualMachine: system.virtual === true ? (word(system.virtualHost) ?? "unknown kind") : null,
    diskModel: word(disk?.name) ?? word(whole?.model),
    diskVendor: word(disk?.vendor),
    diskType: word(disk?.type),
    diskInterface: word(disk?.interfaceType),
    diskFirmware: word(disk?.firmwareRevision),
    diskSizeGb: gigabytes(disk?.size) ?? gigabytes(whole?.size),
    rootDevice: rootName || null,
    rootFileSystem: word(root?.fsType),
  };
  const known: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(found)) if (value !== null) known[name] = value;
  return known;
}

/** "zram0", "/dev/loop3": no hardware. */
const isInMemory = (name: unknown) =>
  typeof name === "string" && /^(\/dev\/)?(zram|loop|ram)\d/.test(name);

/** The library says "", "-" or "unknown" where a tool or a file was missing, and so does many a PC's firmware. */
const word = (value: unknown): string | null => {
  const text =
    typeof value === "string"
      ? value
          .replace(/[\p{Cc}\s]+/gu, " ")
          .trim()
          .slice(0, 100)
      : "";
  return /^(|-|0|unknown|default string|not (specified|applicable)|to be filled.*)$/i.test(text)
    ? null
    : text;
};

/** Whole GB (10⁹ bytes), as disks are sold; null for 0: the size was not found out. */
const gigabytes = (bytes: unknown): number | null => {
  const whole = typeof bytes === "number" && Number.isFinite(bytes) ? Math.round(bytes / 1e9) : 0;
  return whole > 0 ? whole : null;
};
