import { spawnSync } from "node:child_process";

/** @throws with the packages to install, all of them at once: a suite of peers never skips */
export function demand(...programs: readonly [name: string, debianPackage: string][]): void {
  const missing = programs.filter(([name]) => spawnSync(name, ["--version"]).error);
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name).join(", ");
  const packages = new Set(missing.map(([, debianPackage]) => debianPackage));
  throw new Error(`not installed: ${names}; apt-get install -y ${[...packages].join(" ")}`);
}
