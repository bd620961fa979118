/**
 * node build/ci-summary.ts REPORT.json FAILURES NAME...
 *
 * Turns vitest's JSON report into one line a suite, "unit: 812 passed, 0 failed". NAME is a suite that must be in it:
 * the folder below test/, or in test/system the file's name before its first dot. What failed is appended to the
 * file FAILURES, in few lines: often only the end of a log is kept. Exits 1 on any failure.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

interface Report {
  /** False too when an error came from outside of all tests. */
  readonly success: boolean;
  readonly testResults: readonly {
    /** Path of the test file. */
    readonly name: string;
    readonly status: string;
    /** Why the file itself failed; empty when it did not. */
    readonly message?: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

interface Assertion {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
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

/** Lines of a message that are worth keeping: what was expected and where, not the frames of the libraries. */
const linesPerFailure = 8;

function brief(message: string): string {
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .filter(
      (line) =>
        line.trim() !== "" && !line.includes("node_modules") && !line.includes("node:internal"),
    )
    .slice(0, linesPerFailure);
  return lines.map((line) => `    ${line.slice(0, 300)}\n`).join("");
}

function* failuresOf({ success, testResults }: Report): Generator<string> {
  let named = false;
  for (const { name, status, message = "", assertionResults } of testResults) {
    const file = name.split("/test/").at(-1);
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === "passed") continue;
      named = true;
      yield `  ${file}: ${fullName}: ${status}\n${brief(failureMessages.join("\n"))}`;
    }
    if (status === "passed" || assertionResults.some((test) => test.status !== "passed")) continue;
    named = true;
    yield `  ${file}: ${status}\n${brief(message)}`;
  }
  if (!success && !named) yield "  an error outside of the tests: see the suite's own output\n";
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    process.stderr.write(`ci-summary: no report: ${error}\n`);
    return { success: false, testResults: [] };
  }
}

const [path = "", failures = "", ...names] = process.argv.slice(2);
const report = readReport(path);
const scores = scoresOf(report, names[0] ?? "");
for (const failure of failuresOf(report)) appendFileSync(failures, failure);
for (const name of names) {
  const { passed, failed } = scores.get(name) ?? { passed: 0, failed: 1 };
  if (failed > 0 || passed === 0) process.exitCode = 1;
  process.stdout.write(`${name}: ${passed} passed, ${failed} failed\n`);
}
