import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { reliabilityPage } from "../../../build/reliability-page.ts";
import { faults } from "../../reliability/faults.ts";

const lines = Object.keys(faults).map((row) => ({ row, result: `saw ${row}`, seed: 7 }));

it("has a row for every fault, with all that its proofs saw", () => {
  const page = reliabilityPage([...lines, { row: "9", result: "and more", seed: 8 }], false);
  expect(page).toContain("| saw 9; and more | 7, 8 |");
  for (const { fault, criterion } of Object.values(faults))
    expect(page).toContain(`| ${fault} | ${criterion} |`);
  expect(page).not.toContain("short run");
  expect(reliabilityPage(lines, true)).toContain("short run");
});

it("is not written while a fault has no proof", () => {
  expect(() => reliabilityPage(lines.slice(2), false)).toThrow("no proof of: 1, 2");
});

it("docs/reliability.md has every fault and criterion as they are now", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/reliability.md"), "utf8");
  for (const { fault, criterion } of Object.values(faults))
    expect(page).toContain(`| ${fault} | ${criterion} |`);
});
