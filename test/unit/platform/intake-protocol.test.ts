import fc from "fast-check";
import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import { decodePublished } from "../../../agent/platform/intake-protocol.ts";

it("takes numbers, flags and texts", () => {
  expect(decodePublished('{"readings":{"door":true,"level":12.5,"mode":"eco"}}')).toEqual({
    door: true,
    level: 12.5,
    mode: "eco",
  });
});

it.each([
  ["", "not a message;"],
  ["[]", "not a message;"],
  ['{"readings":[]}', "not a message;"],
  ['{"readings":{}}', "no readings;"],
  ['{"readings":{"a b":1}}', '"a b" is no key;'],
  ['{"readings":{"ts":1}}', '"ts" is no key;'],
  ['{"readings":{"__proto__":1}}', '"__proto__" is no key;'],
  ['{"readings":{"a":null}}', "a has no value that can be sent;"],
  ['{"readings":{"a":{"b":1}}}', "a has no value that can be sent;"],
  [`{"readings":{"a":"${"x".repeat(9_000)}"}}`, "a has no value that can be sent;"],
  [
    JSON.stringify({
      readings: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])),
    }),
    "101 readings;",
  ],
])("refuses %.40s with what to do", (line, words) => {
  expect(() => decodePublished(line)).toThrow(expect.objectContaining({ kind: "sensor" }));
  expect(() => decodePublished(line)).toThrow(words);
});

it("any bytes in, readings or a typed error out", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.json().map((json) => `{"readings":${json}}`),
    fc.dictionary(fc.string(), fc.jsonValue()).map((readings) => JSON.stringify({ readings })),
  );
  fc.assert(
    fc.property(hostile, (line) => {
      try {
        for (const value of Object.values(decodePublished(line)))
          expect(["number", "boolean", "string"]).toContain(typeof value);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        expect(error.kind).toBe("sensor");
      }
    }),
    { numRuns: 2_000 },
  );
});
