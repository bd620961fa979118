import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { debianChangelog } from "../../../build/debian/changelog.ts";
import { control, debianVersion } from "../../../build/debian/control.ts";
import { gzipped, installedKib, writeTree } from "../../../build/debian/tree.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const release = { version: "1.2.0", maintainer: "A Name <a@example.org>", epochSeconds: 86_400 };

describe("the changelog", () => {
  const markdown = `# Changelog

## [Unreleased]

### Added

- A thing that takes more than one line to be told, and that goes on and on
  until the second one.
- \`Another\`.

## [1.1.0] - 2026-11-01

### Fixed

- One.
`;

  it("has what is not released yet, wrapped, with the time of the release", () => {
    expect(debianChangelog(markdown, release)).toBe(`pipit (1.2.0) stable; urgency=medium

  [ Added ]
  * A thing that takes more than one line to be told, and that goes on and on
    until the second one.
  * \`Another\`.

 -- A Name <a@example.org>  Fri, 02 Jan 1970 00:00:00 +0000
`);
  });

  it("has the section of the version where there is one", () => {
    const text = debianChangelog(markdown, { ...release, version: "1.1.0" });
    expect(text).toContain("pipit (1.1.0) stable; urgency=medium\n\n  [ Fixed ]\n  * One.\n\n --");
    expect(text).not.toContain("Another");
  });

  it("is not made of a CHANGELOG.md without either", () => {
    expect(() => debianChangelog("## [0.9.0]\n", release)).toThrow(
      "CHANGELOG.md has neither [1.2.0] nor [Unreleased]",
    );
  });
});

describe("the control file", () => {
  it("puts a pre-release before its release, as Debian sorts", () => {
    expect(debianVersion("1.0.0-rc.1")).toBe("1.0.0~rc.1");
  });

  it("names the CPU as Debian does, and every library of the executable", () => {
    const text = control({ version: "1.2.0", cpu: "x64", maintainer: "A", installedKib: 5 });
    expect(text).toContain(
      "Version: 1.2.0\nArchitecture: amd64\nMaintainer: A\nInstalled-Size: 5\n",
    );
    expect(text).toMatch(/^Depends: libc6 .*libstdc\+\+6 .*libgcc-s1 .*libatomic1 .*sysusers$/m);
  });
});

describe("the tree", () => {
  const files = [
    { path: "usr/share/z", mode: 0o644, content: Buffer.from("z") },
    { path: "usr/bin/a", mode: 0o755, content: Buffer.alloc(1025) },
    { path: "etc/c.toml", mode: 0o640, content: Buffer.from("c"), conffile: true },
  ] as const;

  it("has each file with its mode, and lists what dpkg wants to know", () => {
    const folder = join(temporaryFolder(), "tree");
    mkdirSync(folder);
    const script = { path: "postinst", mode: 0o755, content: Buffer.from("#!/bin/sh\n") };
    writeTree(folder, files, [script]);
    for (const { path, mode } of [...files, { ...script, path: "DEBIAN/postinst" }])
      expect(statSync(join(folder, path)).mode & 0o777, path).toBe(mode);
    expect(readFileSync(join(folder, "DEBIAN/conffiles"), "utf8")).toBe("/etc/c.toml\n");
    // By path, and without the conffile: the operator changes that one.
    expect(readFileSync(join(folder, "DEBIAN/md5sums"), "utf8")).toBe(
      "0ad4cf7b35f62b8ff9c73f481594fbdd  usr/bin/a\nfbade9e36a3f36d3d676c1b808451dd7  usr/share/z\n",
    );
    expect(existsSync(join(folder, "DEBIAN/control"))).toBe(false);
  });

  it("counts its size in KiB: files rounded up, folders one each", () => {
    // 1 + 2 + 1, and usr, usr/share, usr/bin, etc
    expect(installedKib(files)).toBe(8);
  });

  it("compresses as gzip -9n does: neither name nor time, and the mark of the best compression", () => {
    const bytes = gzipped("text");
    expect(gunzipSync(bytes).toString()).toBe("text");
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3]);
  });
});
