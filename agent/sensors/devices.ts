import { orAbsent } from "../collectors/read.ts";
import type { Host } from "../ports.ts";
import { SensorFault } from "./fault.ts";
import type { KernelChannel } from "./kernel-channel.ts";

/** What one look for chips brought. */
export interface Discovery {
  readonly channels: readonly KernelChannel[];
  /** Devices, or whole folders of them, that could not be looked at, and why. */
  readonly faults: readonly { readonly path: string; readonly error: unknown }[];
}

export interface DeviceReads {
  readonly host: Host;
  /** Devices that are being looked at: one whose driver hangs is not asked again, and costs the next look nothing. */
  readonly looking: Set<string>;
}

/**
 * The channels of every device in a folder of the kernel. One that cannot be looked at costs only its own. Nothing
 * here touches a chip: names and lists of files are answered from the kernel's memory.
 */
export async function eachDevice(
  { host, looking }: DeviceReads,
  folder: string,
  pattern: RegExp,
  look: (path: string, files: ReadonlySet<string>) => Promise<readonly KernelChannel[]>,
): Promise<Discovery> {
  const channels: KernelChannel[] = [];
  const faults: { path: string; error: unknown }[] = [];
  const names = await orAbsent(folder, () => host.readDir(folder)).catch((error: unknown) => {
    faults.push({ path: folder, error });
    return null;
  });
  const paths = (names ?? [])
    .filter((name) => pattern.test(name))
    .map((name) => `${folder}/${name}`);
  const looks = await Promise.allSettled(
    paths.map(async (path) => {
      if (looking.has(path))
        throw new SensorFault("stuck", `${path}: the last look at it has not returned`);
      looking.add(path);
      using _ = { [Symbol.dispose]: () => void looking.delete(path) };
      // The real path holds the address: a driver that comes back under another number is gone, never mistaken for this.
      const real = await host.realPath(path);
      return await look(real, new Set(await host.readDir(real)));
    }),
  );
  looks.forEach((result, index) => {
    if (result.status === "fulfilled") channels.push(...result.value);
    else faults.push({ path: paths[index] ?? folder, error: result.reason });
  });
  return { channels, faults };
}

/** Text of an attribute that a chip may lack, or that has nothing in it. @throws AgentError `sensor` */
export async function attribute(host: Host, path: string): Promise<string | null> {
  const text = await orAbsent(path, () => host.readFile(path, 256));
  return text?.trim() || null;
}
