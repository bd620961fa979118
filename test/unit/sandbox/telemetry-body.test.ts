import { expect, test } from "vitest";
import { parseTelemetry } from "../../../agent/sandbox/telemetry-body.ts";

const NOW = 1_700_000_000_000;
const parsed = (text: string) => {
  const body = parseTelemetry(text, NOW, true);
  if (body.kind === "points") return body.points.map(({ key, ts, value }) => [key, ts, value]);
  return body.kind === "refused" ? body.code : body.kind;
};

test.each<[string, unknown]>([
  ['{"t":21.5}', [["t", NOW, 21.5]]],
  [
    '[{"t":1},{"h":2}]',
    [
      ["t", NOW, 1],
      ["h", NOW, 2],
    ],
  ],
  ['{"ts":5,"values":{"t":1}}', [["t", 5, 1]]],
  [
    '[{"ts":5,"values":{"t":1}},{"t":2}]',
    [
      ["t", 5, 1],
      ["t", NOW, 2],
    ],
  ],
  [
    '{"ts":5,"t":1}',
    [
      ["ts", NOW, 5],
      ["t", NOW, 1],
    ],
  ],
  ['{"values":{"t":1}}', [["values", NOW, { t: 1 }]]],
  ['{"ts":"5","values":{"t":1}}', [["t", 5, 1]]],
  ['{"ts":5.9,"values":{"t":1}}', [["t", 5, 1]]],
  ['{"ts":-5,"values":{"t":1}}', [["t", -5, 1]]],
  ['{"ts":5,"values":{"t":null}}', []],
  ["{}", []],
  ["[{}]", []],
  ["[]", "never answered"],
  ["", "4.00"],
  ["null", "4.00"],
  ["5", "4.00"],
  ['"x"', "4.00"],
  ["[5]", "4.00"],
  ["[[]]", "4.00"],
  ['[{"a":1},5]', "4.00"],
  ['{"a":', "4.00"],
  ['{"a":1} x', "4.00"],
  ['{"ts":1,"values":[1]}', "4.00"],
  ['{"ts":"abc","values":{"a":1}}', "5.00"],
  ['{"ts":null,"values":{"a":1}}', "5.00"],
  ['{"ts":{},"values":{"a":1}}', "5.00"],
])("%s is %j", (text, expected) => {
  expect(parsed(text)).toEqual(expected);
});

test("of two members with one name the last counts", () => {
  expect(parsed('{"a":1,"a":2}')).toEqual([["a", NOW, 2]]);
});

test("a body nested beyond the stack is refused like any malformed one", () => {
  expect(parsed(`{"a":${"[".repeat(200_000)}`)).toBe("4.00");
  expect(parsed(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`)).toBe("4.00");
});
