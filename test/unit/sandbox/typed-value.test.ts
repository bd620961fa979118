import { describe, expect, test } from "vitest";
import { parseJson } from "../../../agent/sandbox/json-text.ts";
import { typedValue, ValueError } from "../../../agent/sandbox/typed-value.ts";

const typed = (json: string, typeCast = true) => {
  const found = typedValue(parseJson(json), typeCast);
  return found && [found.type, found.text];
};

describe("ThingsBoard's type of a value", () => {
  test.each<[string, string, string]>([
    ["true", "BOOLEAN", "true"],
    ["4", "LONG", "4"],
    ["-0", "LONG", "0"],
    ["1e3", "LONG", "1000"],
    ["1.5e10", "LONG", "15000000000"],
    ["1.0e2", "LONG", "100"],
    ["10.00e-1", "LONG", "1"],
    ["9223372036854775807", "LONG", "9223372036854775807"],
    ["9223372036854775808", "STRING", '"9223372036854775808"'],
    ["-9223372036854775809", "STRING", '"-9223372036854775809"'],
    ["1e20", "STRING", '"100000000000000000000"'],
    ["3.0", "DOUBLE", "3.0"],
    ["-0.0", "DOUBLE", "0.0"],
    ["21.5", "DOUBLE", "21.5"],
    ["1.5e-3", "DOUBLE", "0.0015"],
    ["0.1234567890123456", "DOUBLE", "0.1234567890123456"],
    ["0.12345678901234567", "STRING", '"0.12345678901234567"'],
    ["0.30000000000000004", "STRING", '"0.30000000000000004"'],
    ["3.00000000000000000", "STRING", '"3.00000000000000000"'],
    ["1.23e-15", "STRING", '"0.00000000000000123"'],
    ["-1.23e-15", "STRING", '"-0.00000000000000123"'],
    ['"1.10"', "DOUBLE", "1.1"],
    ['"2.0"', "DOUBLE", "2.0"],
    ['"0012"', "LONG", "12"],
    ['"-5"', "LONG", "-5"],
    ['"-.5"', "DOUBLE", "-0.5"],
    ['"1.0.0"', "STRING", '"1.0.0"'],
    ['"+5"', "STRING", '"+5"'],
    ['" 5"', "STRING", '" 5"'],
    ['"5."', "STRING", '"5."'],
    ['"-"', "STRING", '"-"'],
    ['"1e3"', "STRING", '"1e3"'],
    ['"NaN"', "STRING", '"NaN"'],
    ['""', "STRING", '""'],
    ['{"a":3.0,"b":[1e3]}', "JSON", '{"a":3.0,"b":[1e3]}'],
    ["[]", "JSON", "[]"],
  ])("of %s is %s %s", (json, type, text) => {
    expect(typed(json)).toEqual([type, text]);
  });

  test("of null is none: the key is skipped", () => {
    expect(typed("null")).toBeNull();
  });

  test("leaves strings alone and refuses untypable numbers when casting is off", () => {
    expect(typed('"0012"', false)).toEqual(["STRING", '"0012"']);
    expect(typed("3.0", false)).toEqual(["DOUBLE", "3.0"]);
    expect(() => typed("9223372036854775808", false)).toThrow(ValueError);
    expect(() => typed("0.12345678901234567", false)).toThrow(ValueError);
  });

  test("is refused for a number whose digits would fill the memory", () => {
    expect(() => typed("1e999999999")).toThrow(ValueError);
    expect(() => typed("1".repeat(2_000))).toThrow(ValueError);
    expect(typed(`"${"1".repeat(2_000)}"`)?.[0]).toBe("STRING");
  });
});
