import { expect, it } from "vitest";
import { sbom } from "../../../build/sbom.ts";

const integrity = `sha512-${Buffer.alloc(64, 0xab).toString("base64")}`;
const locked = (version: string, dependencies = {}) => ({
  version,
  integrity,
  license: "MIT",
  dependencies,
});
const folders = [
  "node_modules/a",
  "node_modules/a/node_modules/c",
  "node_modules/@scope/b",
  "node_modules/c",
];
const options = {
  version: "1.2.0",
  architecture: "arm64",
  sha256: "cd".repeat(32),
  epochSeconds: 1_800_000_000,
  lock: {
    packages: {
      "node_modules/a": locked("1.0.0", { "@scope/b": "^2.0.0", c: "^3.0.0" }),
      "node_modules/a/node_modules/c": locked("3.0.0"),
      "node_modules/@scope/b": locked("2.0.0", { c: "^4.0.0", unused: "^1.0.0" }),
      "node_modules/c": locked("4.0.0"),
      "node_modules/unused": locked("1.0.0"),
    },
  },
  packages: folders,
  direct: ["a"],
  node: { node: "26.10.0", openssl: "3.5.8", modules: "147", nghttp3: "" },
};

const made = JSON.parse(sbom(options));

it("names Node, the libraries in it, and the packages in the bundle with their hashes", () => {
  const refs = made.components.map((one: { purl: string }) => one.purl);
  expect(refs).toEqual([
    "pkg:github/nodejs/node@v26.10.0",
    "pkg:generic/openssl@3.5.8",
    "pkg:npm/a@1.0.0",
    "pkg:npm/c@3.0.0",
    "pkg:npm/%40scope/b@2.0.0",
    "pkg:npm/c@4.0.0",
  ]);
  expect(made.components.at(-1)).toMatchObject({
    hashes: [{ alg: "SHA-512", content: "ab".repeat(64) }],
    licenses: [{ expression: "MIT" }],
  });
});

it("says who needs whom, the nearer copy first", () => {
  const needs = Object.fromEntries(
    made.dependencies.map(({ ref, dependsOn }: { ref: string; dependsOn: string[] }) => [
      ref,
      dependsOn,
    ]),
  );
  expect(needs).toEqual({
    "pkg:deb/pipit@1.2.0?arch=arm64": ["pkg:github/nodejs/node@v26.10.0", "pkg:npm/a@1.0.0"],
    "pkg:github/nodejs/node@v26.10.0": ["pkg:generic/openssl@3.5.8"],
    "pkg:npm/a@1.0.0": ["pkg:npm/%40scope/b@2.0.0", "pkg:npm/c@3.0.0"],
    "pkg:npm/c@3.0.0": [],
    "pkg:npm/%40scope/b@2.0.0": ["pkg:npm/c@4.0.0"],
    "pkg:npm/c@4.0.0": [],
  });
});

it("is of one package: its hash, the time of the release, a serial number made of them", () => {
  expect(made.metadata.timestamp).toBe("2027-01-15T08:00:00.000Z");
  expect(made.metadata.component.hashes).toEqual([{ alg: "SHA-256", content: options.sha256 }]);
  expect(made.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(sbom(options)).toBe(sbom(options));
  expect(JSON.parse(sbom({ ...options, sha256: "00" })).serialNumber).not.toBe(made.serialNumber);
});

it("is not made of a package that package-lock.json does not know", () => {
  expect(() => sbom({ ...options, packages: ["node_modules/d"] })).toThrow(
    "no version and hash for node_modules/d",
  );
});
