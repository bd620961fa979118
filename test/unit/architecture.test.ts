import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parts } from "../support/layer-plants.ts";

const agent = join(import.meta.dirname, "../../agent");
const files = readdirSync(agent, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(agent, name), "utf8") }));
const lines = (text: string): number => text.trimEnd().split("\n").length;

it("has only the folders that biome.json gives a layer to", () => {
  expect(readdirSync(agent).filter((name) => !parts.includes(name))).toEqual([]);
});

it("has no folder in a folder, because the layer rules are written for one level", () => {
  expect(files.filter(({ name }) => name.split("/").length > 2).map(({ name }) => name)).toEqual(
    [],
  );
});

it("names every file in kebab-case", () => {
  const odd = files.filter(({ name }) => !/^([a-z0-9]+\/)?[a-z0-9-]+(\.d)?\.ts$/.test(name));
  expect(odd.map(({ name }) => name)).toEqual([]);
});

it("keeps every file under 250 lines", () => {
  expect(files.filter(({ text }) => lines(text) > 250).map(({ name }) => name)).toEqual([]);
});

it("keeps half of the files under 80 lines", () => {
  const sizes = files.map(({ text }) => lines(text)).sort((a, b) => a - b);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(80);
});

it("wires everything in one short app.ts", () => {
  const app = files.find(({ name }) => name === "app.ts");
  expect(lines(app?.text ?? "missing")).toBeLessThan(60);
  expect(app).toBeDefined();
});

it("ends the process in main.ts only", () => {
  const enders = files.filter(({ text }) =>
    /\bprocess\s*\.\s*(exit|reallyExit|abort)\b/.test(text),
  );
  expect(enders.map(({ name }) => name)).toEqual(["main.ts"]);
});

it("sees node:ffi in one file only", () => {
  const users = files.filter(({ text }) => /"node:ffi"/.test(text));
  expect(users.map(({ name }) => name)).toEqual(["platform/ffi.ts"]);
});

it("never imports a test or a build script", () => {
  const importers = files.filter(({ text }) =>
    /(from|import)\s*\(?\s*"(\.\.\/)+(test|build)\//.test(text),
  );
  expect(importers.map(({ name }) => name)).toEqual([]);
});

it("leaves nothing to do later", () => {
  const unfinished = files.filter(({ text }) =>
    /\b(TODO|FIXME|XXX|HACK)\b|biome-ignore(?!.*: .{20})/.test(text),
  );
  expect(unfinished.map(({ name }) => name)).toEqual([]);
});
