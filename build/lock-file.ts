import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface LockedPackage {
  readonly version: string;
  /** "sha512-" and the hash of npm's archive in base64. */
  readonly integrity: string;
  readonly license?: string;
  /** Names and ranges. */
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface LockFile {
  /** By folder: "node_modules/coap/node_modules/lru-cache". */
  readonly packages: Readonly<Record<string, Partial<LockedPackage>>>;
}

export const readLockFile = (root: string): LockFile =>
  JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

/** @throws where package-lock.json does not say what exactly that package is */
export function lockedPackage({ packages }: LockFile, folder: string): LockedPackage {
  const { version, integrity, ...rest } = packages[folder] ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`package-lock.json has no version and hash for ${folder}`);
  return { version, integrity, ...rest };
}
