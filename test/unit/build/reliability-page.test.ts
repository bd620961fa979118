import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { proofLines, reliabilityPage } from "../../../build/reliability-page.ts";
import { faults } from "../../reliability/faults.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const lines = Object.keys(faults).map((row) => ({
  row,
  name: "a proof",
  result: `saw ${row}`,
  seed: 7,
}));

it("has a row for every fault, with all that its proofs saw", () => {
  const page = reliabilityPage(
    [...lines, { row: "9", name: "another", result: "and more", seed: 8 }],
    false,
  );
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

it("of a proof that was repeated the last result counts", () => {
  const file = join(temporaryFolder(), "proofs.jsonl");
  const line = { row: "9", name: "a proof", result: "as it was", seed: 1 };
  const other = { ...line, name: "another" };
  const again = { ...line, result: "mended", seed: 2 };
  writeFileSync(file, [line, other, again].map((each) => `${JSON.stringify(each)}\n`).join(""));
  expect(proofLines(file)).toEqual([other, again]);
});
