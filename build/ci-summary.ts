/**
 * node build/ci-summary.ts REPORT.json NAME...
 *
 * Turns vitest's JSON report into one line a suite, "unit: 812 passed, 0 failed". NAME is a suite that must be in it:
 * the folder below test/, or in test/system the file's name before its first dot. Exits 1 on any failure.
 */
import { readFileSync } from "node:fs";

interface Report {
  /** False too when an error came from outside of all tests. */
  readonly success: boolean;
  readonly testResults: readonly {
    /** Path of the test file. */
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface Score {
  passed: number;
  failed: number;
}

const suiteOf = (path: string): string => {
  const [folder = "", file = ""] = path.split("/test/").at(-1)?.split("/") ?? [];
  return folder === "system" ? (file.split(".")[0] ?? "") : folder;
};

function scoresOf({ success, testResults }: Report, first: string): Map<string, Score> {
  const scores = new Map<string, Score>();
  for (const { name, status, assertionResults } of testResults) {
    const score = scores.get(suiteOf(name)) ?? { passed: 0, failed: 0 };
    scores.set(suiteOf(name), score);
    // A test that was skipped has not shown anything.
    const passed = assertionResults.filter((test) => test.status === "passed").length;
    const failed = assertionResults.length - passed;
    score.passed += passed;
    // A file can fail outside of its tests: it does not load, or its set-up does not work.
    score.failed += failed === 0 && status !== "passed" ? 1 : failed;
  }
  const blamed = [...scores.values()].some(({ failed }) => failed > 0);
  if (!success && !blamed) (scores.get(first) ?? { failed: 0 }).failed += 1;
  return scores;
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    process.stderr.write(`ci-summary: no report: ${error}\n`);
    return { success: false, testResults: [] };
  }
}

const [path = "", ...names] = process.argv.slice(2);
const scores = scoresOf(readReport(path), names[0] ?? "");
for (const name of names) {
  const { passed, failed } = scores.get(name) ?? { passed: 0, failed: 1 };
  if (failed > 0 || passed === 0) process.exitCode = 1;
  process.stdout.write(`${name}: ${passed} passed, ${failed} failed\n`);
}
