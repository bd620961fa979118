import { describe, expect, it } from "vitest";
import { defaultConfig } from "../../../agent/config/config.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { sampleToml } from "../../../agent/config/sample.ts";
import { parseFile } from "../../support/config-input.ts";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const first = (input: string | Uint8Array) => {
  const [problem] = parseFile(input).problems;
  return problem ? formatProblem(problem).split("\n")[0] : "";
};

describe("hostile files", () => {
  it.each([
    [
      "more than 1 MB",
      `#${" ".repeat(1_000_000)}`,
      "is larger than 1 MB; a configuration is a few kilobytes of TOML",
    ],
    [
      "a NUL byte",
      "[log]\nlevel = 'a\0'\n",
      "2: has a NUL byte in it; save it again as plain UTF-8 text",
    ],
    [
      "bytes that are no UTF-8",
      Uint8Array.of(...encode("[log]\n# ü\n# "), 0xff, 0x0a),
      "3: is not UTF-8; save it again as UTF-8 text",
    ],
    [
      "bytes that are no UTF-8, after a real U+FFFD",
      Uint8Array.of(...encode("\uFEFF# \uFFFD\n#"), 0xc3),
      "2: is not UTF-8; save it again as UTF-8 text",
    ],
    [
      "UTF-16",
      Uint8Array.of(0xff, 0xfe, 0x5b, 0x00),
      "1: has a NUL byte in it; save it again as plain UTF-8 text",
    ],
  ])("with %s give one clear problem", (_, input, message) => {
    const { config, problems } = parseFile(input);
    expect(first(input)).toBe(`/etc/pipit/pipit.toml:${/^\d/.test(message) ? "" : " "}${message}`);
    expect(problems).toHaveLength(1);
    expect(config).toEqual(defaultConfig);
  });

  it("with keys of the prototype change no object and are unknown like any other", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const text = `[${name}]\nurl = "x"\n[server]\n${name} = { url = "y" }\n[log.${name}]\nlevel = "z"`;
      const { config, problems } = parseFile(text);
      expect(config).toEqual(defaultConfig);
      expect(problems).toHaveLength(3);
      expect(problems.every(({ severity }) => severity === "warning")).toBe(true);
    }
    expect(Object.hasOwn(Object.prototype, "url")).toBe(false);
  });

  it("with deep nesting end in a syntax error, not in a full stack", () => {
    for (const text of [
      `a = ${"[".repeat(20_000)}`,
      `a = ${"{a=".repeat(20_000)}`,
      `a = ${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    ])
      expect(parseFile(text).problems).toMatchObject([{ severity: "error", place: { line: 1 } }]);
    expect(parseFile(`${"a.".repeat(20_000)}a = 1`).problems).toHaveLength(1);
    expect(parseFile(`[log]\nlevel.${"a.".repeat(20_000)}a = 1`).problems).toHaveLength(1);
    expect(parseFile(`[${"a.".repeat(20_000)}a]`).problems).toHaveLength(1);
  });

  it("with nothing but mistakes are cut short, and say how many there are", () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `intervall${index} = 1`).join("\n");
    const started = performance.now();
    const { problems } = parseFile(`[telemetry]\n${text}`);
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(problems).toHaveLength(101);
    expect(problems.map(({ message }) => message)).toContain(
      "9900 more problems; correct the others first",
    );
  });
});

describe("2000 mutated files", () => {
  const KEY = "Zq81keyKEYkey";
  const SECRET = "Xw93secretSECRET";
  const whole = sampleToml()
    .replace(/^# (\w+ = |\[\[)/gm, "$1")
    .replace("profile-key", KEY)
    .replace("profile-secret", SECRET);
  const pieces = [
    "\n",
    '"',
    "'",
    '"""',
    "'''",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ",",
    ".",
    "#",
    "\\",
    "\\u0000",
    " ",
    "\t",
    "\r",
    "\0",
    "é",
    "1",
    "-",
    "_",
    "true",
    "inf",
    "1979-05-27",
    "__proto__",
    "[server]",
    "x = 1\n",
    "\u2028",
    "\uFEFF",
    "{a=[",
    "😀",
  ];

  it("never throw, never show a secret, and give positions within the file", () => {
    const seed = chosenSeed();
    const { fraction } = seededRandom(seed);
    const below = (limit: number) => Math.floor(fraction() * limit);
    const problemsBySeverity = { error: 0, warning: 0 };
    for (let round = 0; round < 2_000; round++) {
      let text = whole;
      for (let changes = 1 + below(4); changes > 0; changes--) {
        const at = below(text.length);
        const removed = below(3) === 0 ? below(40) : below(3);
        const added = below(4) === 0 ? "" : (pieces[below(pieces.length)] ?? "");
        text = text.slice(0, at) + added + text.slice(at + removed);
      }
      const context = `PIPIT_TEST_SEED=${seed} round ${round}\n${text}`;
      const lines = text.split("\n");
      for (const problem of parseFile(text).problems) {
        problemsBySeverity[problem.severity]++;
        const { place } = problem;
        if (place !== null) {
          const line = lines[place.line - 1];
          expect(line, context).toBeDefined();
          expect(place.column, context).toBeGreaterThanOrEqual(1);
          expect(place.column, context).toBeLessThanOrEqual((line ?? "").length + 1);
          expect(place.caret, context).toBeLessThan(Math.max(1, place.excerpt.length));
        }
        const shown = formatProblem(problem);
        expect(shown, context).not.toContain(KEY);
        expect(shown, context).not.toContain(SECRET);
      }
    }
    expect(problemsBySeverity.error, `PIPIT_TEST_SEED=${seed}`).toBeGreaterThan(500);
    expect(problemsBySeverity.warning, `PIPIT_TEST_SEED=${seed}`).toBeGreaterThan(50);
  });
});
