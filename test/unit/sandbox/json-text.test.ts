import { expect, test } from "vitest";
import { MOST_LEVELS } from "../../../agent/sandbox/json-depth.ts";
import { jsonText, parseJson, parseJsonObject } from "../../../agent/sandbox/json-text.ts";

const arrays = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

test.each([
  "3.0",
  "-0.30000000000000004",
  '"a\\"b\\\\"',
  '{"a":[1,2.50,null,true],"b":{"c":"[{"}}',
])("%s is written again as it was read", (text) => {
  expect(jsonText(parseJson(text))).toBe(text);
});

test.each([arrays, objects])("200 levels are read, and written again", (nested) => {
  const text = nested(MOST_LEVELS);
  expect(jsonText(parseJson(text))).toBe(text);
});

test.each([
  ["arrays", arrays(MOST_LEVELS + 1)],
  ["objects", objects(MOST_LEVELS + 1)],
  ["both", objects(150).replace("1", arrays(150))],
  ["a depth that would overflow the stack", objects(2_021)],
  ["a depth that nothing can read", arrays(200_000)],
  ["brackets that are never closed", "[".repeat(200_000)],
])("more than 200 levels are a SyntaxError: %s", (_name, text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
  expect(() => parseJson(text)).toThrow("nested deeper than 200 levels");
  expect(parseJsonObject(text)).toBeNull();
});

test("brackets that stand side by side or in a string are no levels", () => {
  const flat = `[${Array.from({ length: 500 }, () => '{"a":[]}').join(",")}]`;
  expect(jsonText(parseJson(flat))).toBe(flat);
  const quoted = JSON.stringify({ ["[".repeat(500)]: `"\\${"{".repeat(500)}` });
  expect(jsonText(parseJson(quoted))).toBe(quoted);
});
