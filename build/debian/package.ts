import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpus } from "../cpus.ts";
import type { Executable } from "../executables.ts";
import type { Release } from "./changelog.ts";
import { control, debianVersion } from "./control.ts";
import { packageFiles } from "./files.ts";
import { installedKib, writeTree } from "./tree.ts";

export interface PackageOptions {
  readonly root: string;
  /** Where the package goes. */
  readonly output: string;
  readonly work: string;
  readonly executable: Pick<Executable, "cpu" | "path">;
  readonly licences: string;
  readonly release: Release;
}

/** @throws where the tools of Debian are not there */
export function demandDpkg(): void {
  if (spawnSync("dpkg-deb", ["--version"]).error !== undefined)
    throw new Error("dpkg-deb is not installed: packages are made on Debian or its kin");
}

/** Makes pipit_VERSION_ARCHITECTURE.deb; resolves to its path. The same input gives the same bytes. */
export function makePackage(options: PackageOptions): string {
  const { root, output, work, executable, licences, release } = options;
  const { version, maintainer, epochSeconds } = release;
  const { cpu } = executable;
  const files = packageFiles({
    root,
    executable: readFileSync(executable.path),
    licences,
    release,
  });
  const fields = { version, cpu, maintainer, installedKib: installedKib(files) };
  const scripts = ["postinst", "prerm", "postrm"].map((name) => ({
    path: name,
    mode: 0o755,
    content: readFileSync(join(root, "build/debian", name)),
  }));
  const tree = join(work, `deb-${cpu}`);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  chmodSync(tree, 0o755);
  writeTree(tree, files, [
    { path: "control", mode: 0o644, content: Buffer.from(control(fields)) },
    ...scripts,
    { path: "triggers", mode: 0o644, content: readFileSync(join(root, "build/debian/triggers")) },
  ]);

  const name = `pipit_${debianVersion(version)}_${cpus[cpu].debian}.deb`;
  const path = join(output, name);
  // xz, because the dpkg of Debian 11 cannot read zstd; -9e would take twice the time for 1 % less.
  const args = ["--root-owner-group", "-Zxz", "-z6", "--build", tree, path];
  // Younger times than this become this one (deb-reproducible.pod of dpkg).
  const env = { ...process.env, LC_ALL: "C", SOURCE_DATE_EPOCH: String(epochSeconds) };
  const { error, status, stderr } = spawnSync("dpkg-deb", args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`dpkg-deb: ${stderr || error?.message}`);
  rmSync(tree, { recursive: true });
  return path;
}
