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
  ['{"ts":9223372036854775807,"values":{"t":1}}', [["t", 2 ** 63, 1]]],
  ['{"ts":"-9223372036854775808","values":{"t":1}}', [["t", -(2 ** 63), 1]]],
  ['{"ts":9.2e18,"values":{"t":1}}', [["t", 9.2e18, 1]]],
  ['{"ts":1e-400,"values":{"t":1}}', [["t", 0, 1]]],
  ['{"ts":9223372036854775808,"values":{"t":1}}', "5.00"],
  ['{"ts":"-9223372036854775809","values":{"t":1}}', "5.00"],
  ['{"ts":9.3e18,"values":{"t":1}}', "5.00"],
  ['{"ts":1e400,"values":{"t":1}}', "5.00"],
  ['{"ts":-1e400,"values":{"t":1}}', "5.00"],
  ['{"ts":null,"values":{"a":1}}', "5.00"],
  ['{"ts":{},"values":{"a":1}}', "5.00"],
])("%s is %j", (text, expected) => {
  expect(parsed(text)).toEqual(expected);
});

test("of two members with one name the last counts", () => {
  expect(parsed('{"a":1,"a":2}')).toEqual([["a", NOW, 2]]);
});

test("a string of digits beyond 64 bits is no ts either, however long", () => {
  expect(parsed(`{"ts":"${"9".repeat(1_000)}","values":{"t":1}}`)).toBe("5.00");
  expect(parsed(`{"ts":"${"5".padStart(1_000, "0")}","values":{"t":1}}`)).toEqual([["t", 5, 1]]);
});
