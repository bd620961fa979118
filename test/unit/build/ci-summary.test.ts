import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const script = join(import.meta.dirname, "../../../build/ci-summary.ts");
const folder = mkdtempSync(join(tmpdir(), "pipit-summary-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, status: string, ...tests: string[]) => ({
  name: `/any/test/${name}`,
  status,
  message: "Cannot find module",
  assertionResults: tests.map((test) => ({
    status: test,
    fullName: "does its work",
    failureMessages: test === "failed" ? ["expected 1 to be 2\n    at /any/node_modules/a.js"] : [],
  })),
});

function summary(report: unknown, ...suites: string[]) {
  const path = join(folder, "report.json");
  writeFileSync(path, JSON.stringify(report));
  const failures = join(folder, "failures");
  writeFileSync(failures, "");
  const { stdout, status } = spawnSync(process.execPath, [script, path, failures, ...suites], {
    encoding: "utf8",
  });
  return { lines: stdout.trim().split("\n"), status, failures: readFileSync(failures, "utf8") };
}

it("adds up the files of each suite", () => {
  const testResults = [
    file("unit/a.test.ts", "passed", "passed", "passed"),
    file("unit/coap/b.test.ts", "passed", "passed"),
    file("system/libcoap.test.ts", "passed", "passed"),
  ];
  expect(summary({ success: true, testResults }, "unit", "libcoap")).toEqual({
    lines: ["unit: 3 passed, 0 failed", "libcoap: 1 passed, 0 failed"],
    status: 0,
    failures: "",
  });
});

it.each([
  [
    "a test that failed",
    [file("unit/a.test.ts", "failed", "passed", "failed")],
    true,
    "  unit/a.test.ts: does its work: failed\n    expected 1 to be 2\n",
  ],
  [
    "a test that was skipped",
    [file("unit/a.test.ts", "passed", "passed", "pending")],
    true,
    "  unit/a.test.ts: does its work: pending\n",
  ],
  [
    "an error outside of all tests",
    [file("unit/a.test.ts", "passed", "passed")],
    false,
    "  an error outside of the tests: see the suite's own output\n",
  ],
])("counts %s as a failure, and names it", (_name, testResults, success, failures) => {
  expect(summary({ success, testResults }, "unit")).toEqual({
    lines: ["unit: 1 passed, 1 failed"],
    status: 1,
    failures,
  });
});

it("counts a file that does not load, and a suite that is missing, as a failure", () => {
  const testResults = [file("unit/a.test.ts", "failed")];
  expect(summary({ success: false, testResults }, "unit", "contract")).toEqual({
    lines: ["unit: 0 passed, 1 failed", "contract: 0 passed, 1 failed"],
    status: 1,
    failures: "  unit/a.test.ts: failed\n    Cannot find module\n",
  });
});
