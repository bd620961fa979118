import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

type Tool = readonly [program: string, debianPackages: string];

export const compiler: readonly Tool[] = [["cc", "gcc libc6-dev"]];

export const networkTools: readonly Tool[] = [
  ["ip", "iproute2"],
  ["nsenter", "util-linux"],
  ["mosquitto", "mosquitto"],
  ["openssl", "openssl"],
];

/** Debian's: another one may come first on the PATH. */
export const PYTHON = "/usr/bin/python3";
const pythonFolder = join(import.meta.dirname, "../../.bench/python");
const requirements = join(import.meta.dirname, "peers/requirements.txt");
/** What programs in Python are started with. */
export const pythonPackages = { PYTHONPATH: pythonFolder } as const;

/** What the gate of peers.ts takes. */
export const gateTools: readonly Tool[] = [["coap-client-notls", "libcoap3-bin"]];

export const peerTools: readonly Tool[] = [
  ...gateTools,
  [PYTHON, "python3"],
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
  execFileSync("apt-get", aptArguments(packages), { stdio: ["ignore", 2, 2] });
}

/** CoAPthon3 and aiocoap, from PyPI. @throws as `provide` */
export function providePythonLibraries(install: boolean): void {
  const env = { ...process.env, ...pythonPackages };
  if (spawnSync(PYTHON, ["-B", "-c", "import coapthon, aiocoap"], { env }).status === 0) return;
  const args = [
    "install",
    "--no-deps",
    "--require-hashes",
    "--target",
    pythonFolder,
    "-r",
    requirements,
  ];
  if (!install)
    throw new Error(
      `not installed: CoAPthon3 or aiocoap; ${PYTHON} -m pip ${args.join(" ")}, or --install`,
    );
  if (spawnSync(PYTHON, ["-m", "pip", "--version"]).status !== 0)
    execFileSync("apt-get", aptArguments("python3-pip"), { stdio: ["ignore", 2, 2] });
  execFileSync(PYTHON, ["-m", "pip", "--quiet", "--disable-pip-version-check", ...args], {
    stdio: ["ignore", 2, 2],
  });
}

const aptArguments = (packages: string): readonly string[] => [
  ...["install", "--yes", "--quiet", "--no-install-recommends"],
  ...packages.split(" "),
];
