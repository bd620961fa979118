import type { Cpu } from "../cpus.ts";
import { cpus } from "../cpus.ts";

export interface ControlFields {
  readonly version: string;
  readonly cpu: Cpu;
  /** "Name <address>" */
  readonly maintainer: string;
  readonly installedKib: number;
}

/** "1.0.0-rc.1" is before "1.0.0", which Debian writes as "1.0.0~rc.1" (deb-version(7)). */
export const debianVersion = (version: string): string => version.replaceAll("-", "~");

/**
 * What Node 26 links, on both CPUs: GLIBC_2.28, GLIBCXX_3.4.21 and CXXABI_1.3.11, GCC_4.2.0, LIBATOMIC_1.0; the test of the
 * package compares it with the executables. systemd-sysusers makes the user.
 */
export const dependencies: Readonly<Record<string, string>> = {
  libc6: ">= 2.28",
  "libstdc++6": ">= 7",
  "libgcc-s1": ">= 4.2",
  libatomic1: ">= 4.8",
};

/** DEBIAN/control, deb-control(5). */
export const control = ({ version, cpu, maintainer, installedKib }: ControlFields): string => {
  const libraries = Object.entries(dependencies).map(([name, range]) => `${name} (${range})`);
  return `Package: pipit
Version: ${debianVersion(version)}
Architecture: ${cpus[cpu].debian}
Maintainer: ${maintainer}
Installed-Size: ${installedKib}
Depends: ${[...libraries, "systemd | systemd-standalone-sysusers"].join(", ")}
Recommends: ca-certificates
Section: net
Priority: optional
Description: device agent for ThingsBoard
 Pipit provisions a Raspberry Pi or another Linux board as a ThingsBoard device
 over CoAP or CoAPS, and publishes what the board and its sensors measure.
 Samples wait on the disk while the network or the server is away.
 .
 The service is installed disabled: "pipit setup" configures it, and starts it
 once the board is a device.
`;
};
