import { describe, expect, it } from "vitest";
import { countProblems, formatProblem, type Problem } from "../../../agent/config/problem.ts";

const place = { line: 14, column: 1, excerpt: 'intervall = "30s"', caret: 0, width: 9 };
const problem: Problem = {
  severity: "warning",
  source: "/etc/pipit/pipit.toml",
  place,
  message: 'unknown setting "intervall" in [telemetry]; did you mean "interval"?',
};

describe("formatProblem", () => {
  it("shows file, line, what, what to do, and the line with a caret", () => {
    expect(formatProblem(problem)).toBe(
      [
        '/etc/pipit/pipit.toml:14: unknown setting "intervall" in [telemetry]; did you mean "interval"?',
        '   14 | intervall = "30s"',
        "      | ^^^^^^^^^",
      ].join("\n"),
    );
  });

  it("is one line where there is no line to show", () => {
    expect(formatProblem({ ...problem, place: null, message: "is not UTF-8; save it again" })).toBe(
      "/etc/pipit/pipit.toml: is not UTF-8; save it again",
    );
    expect(
      formatProblem({ ...problem, place: { ...place, excerpt: "" } }).split("\n"),
    ).toHaveLength(1);
  });

  it("lets no control character of a file reach the terminal", () => {
    const shown = formatProblem({
      ...problem,
      source: "a\u001b[2Jb",
      message: 'unknown "\u0007\u202e"; x',
      place: { ...place, excerpt: 'a\t= "\u001b]0;title\u0007\u009b1m"' },
    });
    expect(shown.replaceAll("\n", "")).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
  });

  it("cuts a long line and keeps the caret on it", () => {
    const long = { ...place, excerpt: `a = "${"x".repeat(500)}"`, caret: 4, width: 502 };
    for (const line of formatProblem({ ...problem, place: long })
      .split("\n")
      .slice(1))
      expect(line.length).toBeLessThanOrEqual(108);
  });

  it("hides what was pasted along with a URL", () => {
    const excerpt = 'url = "coap://user:pa55@tb.example.com/api/v1/T0KEN/telemetry"';
    const shown = formatProblem({ ...problem, message: excerpt, place: { ...place, excerpt } });
    expect(shown).not.toMatch(/pa55|T0KEN/);
    expect(shown).toContain('url = "coap://…@tb.example.com/…"');
  });
});

it.each([
  [[], "0 errors, 0 warnings"],
  [[problem], "0 errors, 1 warning"],
  [[problem, problem, { ...problem, severity: "error" as const }], "1 error, 2 warnings"],
])("counts problems %#", (problems, text) => expect(countProblems(problems)).toBe(text));
