import { execFileSync, spawnSync } from "node:child_process";
import { demand } from "../support/dtls-servers.ts";

type Tool = readonly [program: string, debianPackages: string];

export const compiler: readonly Tool[] = [["cc", "gcc libc6-dev"]];

export const networkTools: readonly Tool[] = [
  ["ip", "iproute2"],
  ["nsenter", "util-linux"],
  ["mosquitto", "mosquitto"],
  ["openssl", "openssl"],
];

/** @throws Error says how to get what is missing; with `install` gets it from Debian, which wants root */
export function provide(install: boolean, tools: readonly Tool[]): void {
  const missing = tools.filter(([program]) => spawnSync(program, ["--version"]).error);
  if (install && missing.length > 0) {
    const packages = missing.flatMap(([, names]) => names.split(" "));
    const args = ["install", "--yes", "--quiet", "--no-install-recommends", ...packages];
    execFileSync("apt-get", args, { stdio: ["ignore", 2, 2] });
  }
  for (const [program, packages] of missing) demand([program, packages]);
}
