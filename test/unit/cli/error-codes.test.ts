import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");

it("docs/commands.md explains every code that the agent gives", () => {
  const manual = readFileSync(join(root, "docs/commands.md"), "utf8");
  const files = readdirSync(join(root, "agent"), { recursive: true, encoding: "utf8" });
  const codes = files
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => readFileSync(join(root, "agent", name), "utf8").match(/"P\d{3}"/g) ?? [])
    .map((code) => code.slice(1, -1));
  expect(codes.length).toBeGreaterThan(15);
  expect([...new Set(codes)].filter((code) => !manual.includes(`| ${code} |`))).toEqual([]);
});
