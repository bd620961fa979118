import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Cpu, cpus, ownCpu } from "./cpus.ts";

export interface NodeBinaryOptions {
  readonly cpu: Cpu;
  /** The official binary, checked against package-lock.json. */
  readonly official: string;
  readonly strip: boolean;
  readonly work: string;
}

/** A copy without its symbols, 36 MB smaller. Stripping comes before the injection: afterwards it destroys the file. */
export function prepareNode({ cpu, official, strip, work }: NodeBinaryOptions): string {
  if (!existsSync(official))
    throw new Error(`${official} is missing: run \`npm ci\` without --omit=optional`);
  mkdirSync(work, { recursive: true });
  const copy = join(work, `node-${cpu}`);
  copyFileSync(official, copy);
  chmodSync(copy, 0o755);
  if (!strip) return copy;
  const { tool } = stripOf(cpu);
  const { error, status, stderr } = spawnSync(tool, ["--strip-all", copy], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${tool}: ${stderr || error?.message}`);
  return copy;
}

/** @throws with the Debian package to install, before any work is done */
export function demandStrip(cpu: Cpu): void {
  const { tool, debianPackage } = stripOf(cpu);
  if (spawnSync(tool, ["--version"]).error === undefined) return;
  const ways = [
    `apt-get install ${debianPackage}`,
    ...(cpu === ownCpu ? ["--no-strip (36 MB more)"] : [`--arch ${ownCpu} for this CPU alone`]),
  ];
  throw new Error(`${tool}, for the ${cpu} executable, is not installed: ${ways.join(", or ")}`);
}

function stripOf(cpu: Cpu): { tool: string; debianPackage: string } {
  if (cpu === ownCpu) return { tool: "strip", debianPackage: "binutils" };
  const { tools } = cpus[cpu];
  return { tool: `${tools}-strip`, debianPackage: `binutils-${tools.replace("_", "-")}` };
}
