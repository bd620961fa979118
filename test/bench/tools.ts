import { execFileSync, spawnSync } from "node:child_process";

type Tool = readonly [program: string, debianPackages: string];

export const compiler: readonly Tool[] = [["cc", "gcc libc6-dev"]];

export const networkTools: readonly Tool[] = [
  ["ip", "iproute2"],
  ["nsenter", "util-linux"],
  ["mosquitto", "mosquitto"],
  ["openssl", "openssl"],
];

export const peerTools: readonly Tool[] = [
  ["/usr/bin/python3", "python3-minimal"],
  ["coap-client-notls", "libcoap3-bin"],
  ["collectd", "collectd-core"],
  ["prometheus-node-exporter", "prometheus-node-exporter"],
];

const isMissing = ([program]: Tool) => spawnSync(program, ["--version"]).error !== undefined;

/** @throws Error says how to get what is missing; with `install` gets it from Debian, which wants root */
export function provide(install: boolean, tools: readonly Tool[]): void {
  const missing = tools.filter(isMissing);
  if (missing.length === 0) return;
  const programs = missing.map(([program]) => program).join(", ");
  const packages = missing.map(([, names]) => names).join(" ");
  if (!install)
    throw new Error(`not installed: ${programs}; sudo apt-get install ${packages}, or --install`);
  const args = ["install", "--yes", "--quiet", "--no-install-recommends", ...packages.split(" ")];
  execFileSync("apt-get", args, { stdio: ["ignore", 2, 2] });
}
