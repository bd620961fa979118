import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cpu } from "../../build/cpus.ts";
import { dependencies } from "../../build/debian/control.ts";
import manifest from "../../package.json" with { type: "json" };
import { type CleanClone, cleanClone } from "../support/clean-clone.ts";
import { debName } from "../support/deb-name.ts";
import { demand } from "../support/demand.ts";

/** The packages as a maker makes them, from clean clones; package-on-debian.test.ts has what becomes of a Debian by one. */

const LIMIT_BYTES = 28_000_000;
const MAKING_LIMIT_MS = 900_000;
const CONFIG = "/etc/pipit/pipit.toml";

let work: string;
let clone: CleanClone;
let otherClone: CleanClone;

const deb = (cpu: Cpu) => join(clone.folder, "dist", debName(manifest.version, cpu));
const both = ["x64", "arm64"] as const;

beforeAll(async () => {
  demand(["lintian", "lintian"], ["dpkg-deb", "dpkg"], ["readelf", "binutils"]);
  work = await mkdtemp(join(tmpdir(), "pipit-package-"));
  clone = await cleanClone({ folder: join(work, "one") });
  otherClone = await cleanClone({
    folder: join(work, "another/with a longer name"),
    env: { TZ: "Pacific/Kiritimati", LC_ALL: "C", LANG: "" },
    umask: "077",
  });
  await Promise.all([clone, otherClone].map(({ run }) => run("npm", "run", "--silent", "package")));
}, MAKING_LIMIT_MS);

afterAll(() => {
  if (work !== undefined) rmSync(work, { recursive: true });
});

describe("npm run package", () => {
  it("makes executables, packages and their SBOMs for both CPUs", () => {
    const sums = readFileSync(join(clone.folder, "dist/SHA256SUMS"), "utf8");
    const names = both.flatMap((cpu) => {
      const name = debName(manifest.version, cpu);
      return [`pipit-linux-${cpu}`, name, name.replace(/deb$/, "cdx.json")];
    });
    expect(sums.split("\n").map((line) => line.split("  ")[1] ?? "")).toEqual([
      ...names.toSorted(),
      "",
    ]);
  });

  it("makes the same bytes of the same commit in another folder, by a maker with other habits", () => {
    const [one, another] = [clone, otherClone].map(({ folder }) => {
      const sums = readFileSync(join(folder, "dist/SHA256SUMS"), "utf8");
      for (const [sum, name = ""] of sums
        .trim()
        .split("\n")
        .map((line) => line.split("  ")))
        expect(sha256(join(folder, "dist", name)), name).toBe(sum);
      return sums;
    });
    expect(one).toBe(another);
  });

  it("leaves nothing behind that git would see", async () => {
    expect(await clone.run("git", "status", "--porcelain")).toBe("");
    expect(readdirSync(join(clone.folder, "dist"))).not.toContain(".work");
  });

  it("describes each package by its own hash", () => {
    for (const cpu of both) {
      const sbom = JSON.parse(readFileSync(deb(cpu).replace(/deb$/, "cdx.json"), "utf8"));
      expect(sbom.metadata.component.hashes).toEqual([
        { alg: "SHA-256", content: sha256(deb(cpu)) },
      ]);
    }
  });
});

describe.each(both)("the package for %s", (cpu) => {
  it("pleases lintian", async () => {
    const verdict = ["--fail-on", "error,warning", "--allow-root", deb(cpu)];
    expect(await clone.run("lintian", ...verdict)).toBe("");
  });

  it(`has at most ${LIMIT_BYTES / 1e6} MB`, () => {
    expect(statSync(deb(cpu)).size).toBeLessThanOrEqual(LIMIT_BYTES);
  });

  it("has these files, all of them root's, and the configuration for nobody else", async () => {
    const listed = (await clone.run("dpkg-deb", "--contents", deb(cpu))).trim().split("\n");
    const files = listed.map((line) => /^(\S+) (\S+) .* \.\/(.*)$/.exec(line)?.slice(1) ?? []);
    expect(new Set(files.map(([, owner]) => owner))).toEqual(new Set(["root/root"]));
    const plain = files
      .filter(([mode = ""]) => !mode.startsWith("d"))
      .map(([mode, , path]) => `${mode} ${path}`);
    expect(plain.filter((line) => !line.endsWith(".md"))).toEqual([
      "-rw-r----- etc/pipit/pipit.toml",
      "-rwxr-xr-x usr/bin/pipit",
      "-rw-r--r-- usr/lib/systemd/system/pipit-boot-report.path",
      "-rw-r--r-- usr/lib/systemd/system/pipit-boot-report.service",
      "-rw-r--r-- usr/lib/systemd/system/pipit-boot.service",
      "-rw-r--r-- usr/lib/systemd/system/pipit.service",
      "-rw-r--r-- usr/lib/sysusers.d/pipit.conf",
      "-rw-r--r-- usr/share/doc/pipit/changelog.gz",
      "-rw-r--r-- usr/share/doc/pipit/copyright",
      "-rw-r--r-- usr/share/doc/pipit/third-party-licences.txt.gz",
      "-rw-r--r-- usr/share/lintian/overrides/pipit",
      "-rw-r--r-- usr/share/man/man1/pipit.1.gz",
      "-rw-r--r-- usr/share/man/man5/pipit.toml.5.gz",
      "-rw-r--r-- usr/share/pipit/systemd-254.conf",
    ]);
    expect(plain).toContain("-rw-r--r-- usr/share/doc/pipit/configuration.md");
    const folders = files.filter(([mode = ""]) => mode.startsWith("d")).map(([mode]) => mode);
    expect(new Set(folders)).toEqual(new Set(["drwxr-xr-x"]));
    expect(await clone.run("dpkg-deb", "--info", deb(cpu), "conffiles")).toBe(`${CONFIG}\n`);
  });

  it("depends on the libraries that the executable is linked to, in versions that have what it uses", async () => {
    const executable = join(clone.folder, `dist/pipit-linux-${cpu}`);
    const text = await clone.run("readelf", "--wide", "--dynamic", "--version-info", executable);
    const needed = [...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = ""]) => name);
    const unknown = needed.filter((name) => !(name in packageOf));
    expect(unknown).toEqual([]);
    expect(new Set(needed.map((name) => packageOf[name]))).toEqual(
      new Set(Object.keys(dependencies)),
    );
    for (const [interfaces, newest] of Object.entries(newestInterface)) {
      const used = [...text.matchAll(new RegExp(`Name: ${interfaces}_([0-9.]+) `, "g"))];
      expect(
        used
          .map(([, version = ""]) => version)
          .toSorted(byNumbers)
          .at(-1),
      ).toBe(newest);
    }
    const field = await clone.run("dpkg-deb", "--field", deb(cpu), "Depends");
    for (const [name, range] of Object.entries(dependencies))
      expect(field).toContain(`${name} (${range})`);
  });
});

/** Debian's package of each library. */
const packageOf: Readonly<Record<string, string>> = {
  "ld-linux-x86-64.so.2": "libc6",
  "ld-linux-aarch64.so.1": "libc6",
  "libc.so.6": "libc6",
  "libdl.so.2": "libc6",
  "libm.so.6": "libc6",
  "libpthread.so.0": "libc6",
  "libstdc++.so.6": "libstdc++6",
  "libgcc_s.so.1": "libgcc-s1",
  "libatomic.so.1": "libatomic1",
};

/** What those versions of the libraries brought: glibc 2.28, GCC 5.1 and 7.1, GCC 4.2, GCC 4.8. */
const newestInterface = { GLIBC: "2.28", GLIBCXX: "3.4.21", CXXABI: "1.3.11", GCC: "4.2.0" };

const byNumbers = (one: string, other: string) => one.localeCompare(other, "en", { numeric: true });

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
