import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Cpu } from "./cpus.ts";
import { type LockFile, lockedPackage } from "./lock-file.ts";

export interface ForeignNodeOptions {
  readonly cpu: Cpu;
  readonly lock: LockFile;
  /** The archive is kept here for the next build. */
  readonly cache: string;
  readonly work: string;
}

/**
 * The official Node for a CPU that npm does not install here, from the npm registry. It counts only with the hash that
 * package-lock.json has.
 */
export function foreignNode({ cpu, lock, cache, work }: ForeignNodeOptions): string {
  const name = `node-linux-${cpu}`;
  const { version, integrity } = lockedPackage(lock, `node_modules/${name}`);
  const archive = join(cache, `${name}-${version}.tgz`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(archive)) pack(`${name}@${version}`, cache);
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== integrity) {
    rmSync(archive);
    throw new Error(
      `${name}@${version} from the npm registry is not what package-lock.json names: ${found} instead of ${integrity}`,
    );
  }
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  const member = "package/bin/node";
  execFileSync("tar", ["--extract", "--gzip", "--file", archive, "--directory", folder, member]);
  return join(folder, member);
}

function pack(specification: string, folder: string): void {
  const args = ["pack", specification, "--pack-destination", folder];
  const quiet = ["--prefer-offline", "--loglevel=error"];
  const npm = process.env["npm_execpath"]; // set by `npm run`
  const [command, ...first] = npm === undefined ? ["npm"] : [process.execPath, npm];
  execFileSync(command, [...first, ...args, ...quiet], { stdio: ["ignore", "ignore", "inherit"] });
}
