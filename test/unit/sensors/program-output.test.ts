import fc from "fast-check";
import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import { parseKeyValues, parseNumber, parseObject } from "../../../agent/sensors/program-output.ts";

it("reads one number, with white space around it", () => {
  expect(parseNumber("/bin/ups", " 97.5\n")).toBe(97.5);
  expect(parseNumber("/bin/ups", "-1e3")).toBe(-1000);
});

it.each(["", "97 %", "nan", "0x10", "1,5", "1\n2"])("refuses %j as a number", (text) => {
  expect(() => parseNumber("/bin/ups", text)).toThrow(
    expect.objectContaining({ kind: "sensor", hint: "it must print one number" }),
  );
});

it("reads one JSON object of numbers, flags and texts", () => {
  expect(parseObject("ups", '{"charge":97,"onBattery":false,"mode":"eco"}')).toEqual({
    charge: 97,
    onBattery: false,
    mode: "eco",
  });
});

it.each([
  ["[1]", "not one JSON object"],
  ["{", "not one JSON object"],
  ['{"a":{"b":1}}', "a nested or empty value"],
  ['{"a":null}', "a nested or empty value"],
  ['{"a b":1}', "not a usable key"],
  ['{"__proto__":1}', "not a usable key"],
  ['{"a":1e999}', "not a finite number"],
])("refuses %s with its reason", (text, words) => {
  expect(() => parseObject("ups", text)).toThrow(words);
});

it("reads lines of key=value, and skips comments", () => {
  const text = "# ups\ncharge = 97\n\nonBattery=true\nmode=eco=low\n";
  expect(parseKeyValues("ups", text)).toEqual({ charge: 97, onBattery: true, mode: "eco=low" });
  expect(() => parseKeyValues("ups", "charge 97")).toThrow("not key=value");
});

it.each([
  ["number", (text: string) => ({ value: parseNumber("x", text) })],
  ["json", (text: string) => parseObject("x", text)],
  ["keyvalue", (text: string) => parseKeyValues("x", text)],
])("%s: any text in, readings or a typed error out", (_, parse) => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc
      .array(fc.tuple(fc.string(), fc.string()))
      .map((lines) => lines.map((l) => l.join("=")).join("\n")),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      try {
        for (const [key, value] of Object.entries(parse(text))) {
          expect(key).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
          if (typeof value === "number") expect(value).toSatisfy(Number.isFinite);
          else expect(["boolean", "string"]).toContain(typeof value);
        }
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        expect(error.kind).toBe("sensor");
      }
    }),
    { numRuns: 1_000 },
  );
});
