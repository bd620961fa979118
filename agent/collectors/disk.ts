import { AgentError } from "../errors.ts";
import type { FileSystemStats, Host, Look, Readings } from "../ports.ts";
import type { Collector, KeySpec } from "./collector.ts";
import { isMounted, MOUNTS, MOUNTS_LIMIT_BYTES } from "./mounts.ts";
import { orAbsent, readOptional } from "./read.ts";

/**
 * One collector per mount point, so that a stick that was pulled out or a server that hangs costs its own readings only.
 * "/" has the plain keys; any other puts its name before the quantity: "/mnt/usb" gives usbDiskUsage.
 */
export function disks(paths: readonly string[]): readonly Collector[] {
  const taken = new Set<string>();
  return [...new Set(paths.map(withoutEndSlash))].map((path) =>
    diskAt(path, mountName(path, taken)),
  );
}

/** How full a file system is, from statfs(2); the same figure as df, for which root's reserve counts as not there. */
function diskAt(path: string, name: string): Collector {
  const key = (quantity: string) =>
    name === "" ? quantity : `${name}${quantity.charAt(0).toUpperCase()}${quantity.slice(1)}`;
  const spec = (quantity: string, given: Omit<KeySpec, "source" | "quantity">) => ({
    [key(quantity)]: { ...given, quantity, source },
  });
  const source = `statfs ${path}`;
  let readers = 0;
  return {
    name: key("disk"),
    metric: "disk",
    keys: {
      ...spec("diskUsage", { unit: "%", meaning: "space in use, as df shows it" }),
      ...spec("diskFreeGb", { unit: "GB", meaning: "what an ordinary user may still write" }),
      ...spec("inodeUsage", {
        unit: "%",
        meaning: "inodes in use; absent where they are not counted (btrfs, vfat)",
        optional: true,
      }),
    },
    open(host, _settings, { gate }) {
      // Keys of two paces are two readers of one mount, each with turns of its own.
      readers++;
      const turn = { id: readers === 1 ? source : `${source} (${readers})`, bus: source };
      const statfs = ({ signal }: Look) =>
        path === "/" ? host.statfs(path) : gate.run(turn, signal, () => host.statfs(path));
      return async (look) => {
        const stats = await orAbsent(path, () => statfs(look));
        if (stats === null) return null;
        if (path !== "/") await demandMounted(host, path);
        const readings = diskReadings(path, stats);
        return Object.fromEntries(
          Object.entries(readings).map(([quantity, value]) => [key(quantity), value]),
        );
      };
    },
  };
}

/** An empty mount point answers for the file system it lies on: a plausible figure of the wrong disk. */
async function demandMounted(host: Host, path: string): Promise<void> {
  const text = await readOptional(host, MOUNTS, MOUNTS_LIMIT_BYTES);
  if (text === null || isMounted(text, path)) return;
  throw new AgentError("sensor", `${path}: nothing is mounted here`, {
    hint: "mount it, or take it out of disk_paths in [system]",
  });
}

/**
 * inodeUsage is absent where the file system has no fixed number of them (btrfs, vfat).
 * @throws AgentError `sensor`
 */
export function diskReadings(path: string, stats: FileSystemStats): Readings {
  const { blockBytes, blocks, freeBlocks, availableBlocks, files, freeFiles } = stats;
  const used = blocks - freeBlocks;
  const usable = used + availableBlocks;
  if (!(used >= 0 && availableBlocks >= 0 && usable > 0 && blockBytes > 0))
    throw new AgentError("sensor", `${path}: not a disk: ${used} of ${usable} blocks used`);
  return {
    diskUsage: (100 * used) / usable,
    diskFreeGb: (availableBlocks * blockBytes) / 1e9,
    ...(files > 0 && freeFiles >= 0 && freeFiles <= files
      ? { inodeUsage: 100 * (1 - freeFiles / files) }
      : {}),
  };
}

const withoutEndSlash = (path: string) => path.replace(/(?<=.)\/+$/, "");

/** "/media/pi/USB DISK" is usbDisk. A name that is taken gets a number, in the order of the configuration. */
function mountName(path: string, taken: Set<string>): string {
  if (path === "/") return "";
  const words = path.slice(path.lastIndexOf("/")).match(/[A-Za-z0-9]+/g) ?? [];
  const camel = words
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join("")
    .slice(0, 40);
  const plain = camel.charAt(0).toLowerCase() + camel.slice(1);
  const base = /^[a-z]/.test(plain) ? plain : `mount${plain}`;
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}${number}`;
  taken.add(name);
  return name;
}
