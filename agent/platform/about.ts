import { readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { About, InterfaceAddress } from "../ports.ts";
import { errnoOf } from "./errno.ts";

/** process.arch -> the name of the Debian port. */
const DEBIAN: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm: "armhf",
  ia32: "i386",
  ppc64: "ppc64el",
};

export interface AboutOptions {
  readonly version: string;
  readonly sysroot: string;
}

/** The machine that the process runs on; below another root its addresses would be a stranger's. */
export const about = ({ version, sysroot }: AboutOptions): About => ({
  version,
  architecture: DEBIAN[process.arch] ?? process.arch,
  timezone: timezoneBelow(sysroot),
  addresses: () => (sysroot === "/" ? addressesOf(networkInterfaces()) : []),
});

/** Of interfaces that are up: the system lists no others. */
export const addressesOf = (
  interfaces: ReturnType<typeof networkInterfaces>,
): readonly InterfaceAddress[] =>
  Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, mac }) => ({ name, address: address.replace(/%.*$/, ""), mac })),
  );

/**
 * "Europe/Berlin" from `/etc/localtime -> ../usr/share/zoneinfo/Europe/Berlin` (localtime(5)), as Debian sets it for the
 * whole machine; without the link it is UTC. Not from Intl: its data would stay in memory, 1.9 MB for one word.
 */
export function timezoneBelow(sysroot: string): string {
  const [, zone] =
    /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(linkAt(join(sysroot, "/etc/localtime"))) ?? [];
  return zone ?? (textAt(join(sysroot, "/etc/timezone")).trim() || "Etc/UTC");
}

const linkAt = (path: string) => orEmpty(() => readlinkSync(path));
const textAt = (path: string) => orEmpty(() => readFileSync(path, "utf8"));

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return "";
  }
}
