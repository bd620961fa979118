import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { generatedFiles } from "../../../build/generate.ts";

const root = join(import.meta.dirname, "../../..");

it.each(Object.entries(generatedFiles()))("%s is up to date", (path, text) => {
  expect(readFileSync(join(root, path), "utf8"), "out of date: run npm run generate").toBe(text);
});
