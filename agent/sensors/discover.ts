import type { Discovery } from "./devices.ts";
import { discoverHwmon } from "./hwmon.ts";
import { discoverIio } from "./iio.ts";
import type { Reads } from "./kernel-channel.ts";
import { withUniqueNames } from "./keys.ts";
import { discoverW1 } from "./w1.ts";

/** Every sensor that a driver of the kernel shows now, in the order of their real paths, with ids and keys that differ. */
export async function discover(
  reads: Reads,
  onClash: (key: string, id: string) => void = () => undefined,
): Promise<Discovery> {
  const found = await Promise.all([discoverIio(reads), discoverHwmon(reads), discoverW1(reads)]);
  const channels = found
    .flatMap((one) => one.channels)
    .sort((a, b) => (a.realPath < b.realPath ? -1 : a.realPath > b.realPath ? 1 : 0));
  return {
    channels: withUniqueNames(channels, onClash),
    faults: found.flatMap((one) => one.faults),
  };
}
