import { expect, it } from "vitest";
import type { Readings } from "../../../agent/ports.ts";
import { serialiseSample } from "../../../agent/thingsboard/serialise.ts";
import { documentReadings } from "../../support/document-readings.ts";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";

const TS = 1_795_341_600_000;
const write = (readings: Readings, precision = 3, decimalKeys: string[] = []) =>
  serialiseSample(
    { ts: TS, readings },
    { precision, isDecimal: (key) => decimalKeys.includes(key) },
  );
const valuesOf = (readings: Readings, precision?: number, decimalKeys?: string[]) =>
  write(readings, precision, decimalKeys).text?.replace(/^.*"values":(.*)\}$/, "$1");

it("writes the five kinds of the provisioning document, typed as ThingsBoard stores them", () => {
  expect(write(documentReadings, 3, ["doubleKey"]).text).toBe(
    `{"ts":${TS},"values":{"stringKey":"value1","booleanKey":true,"doubleKey":42.0,"longKey":73,` +
      `"jsonKey":{"someNumber":42,"someArray":[1,2,3],"someNestedObject":{"key":"value"}}}}`,
  );
});

it.each<[string, number, string]>([
  ["a sum with 17 decimals, which would be stored as a string", 0.1 + 0.2, "0.3"],
  ["more decimals than wanted", 48.199_6, "48.2"],
  ["a negative zero", -0, "0"],
  ["a fraction that rounds to minus nothing", -0.0001, "0"],
  ["a large integer in digits, not as 1e+18", 1e18, "1000000000000000000"],
  ["an integer beyond 2^53", 2 ** 53 + 2, "9007199254740994"],
])("rounds %s", (_, value, expected) => {
  expect(valuesOf({ k: value })).toBe(`{"k":${expected}}`);
});

it.each<[string, string]>([
  ["13.10", "v13.10"],
  ["0000000012345678", "v0000000012345678"],
  ["-5", "v-5"],
  [".5", "v.5"],
  ["٣", "v٣"],
  ["1.0.0", "1.0.0"],
  ["5.", "5."],
  ["+5", "+5"],
  ["", ""],
  ['a "quoted"\n', 'a "quoted"\n'],
])("keeps the string %j a string", (text, expected) => {
  expect(valuesOf({ k: text })).toBe(JSON.stringify({ k: expected }));
});

it.each<[string, Readings]>([
  ["NaN", { k: Number.NaN }],
  ["Infinity", { k: Number.POSITIVE_INFINITY }],
  ["a number beyond 64 bits", { k: 2 ** 63 }],
  ["the reserved key ts", { ts: 1 }],
  ["the reserved key values", { values: 1 }],
  ["an empty key", { "": 1 }],
  ["a key with markup", { "<b>": 1 }],
  ["a key with a dot", { "a.b": 1 }],
  ["a key of 65 characters", { ["k".repeat(65)]: 1 }],
  ["a string of 9,000 characters", { k: "x".repeat(9_000) }],
  ["an infinite number within JSON", { k: [1, { deep: Number.NEGATIVE_INFINITY }] }],
])("refuses %s, says why, and keeps the others", (_, readings) => {
  const { text, refused } = write({ ...readings, good: 1 });
  expect(text).toBe(`{"ts":${TS},"values":{"good":1}}`);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.reason).not.toBe("");
});

it("sends nothing for a sample without a usable reading: {} is acknowledged and stored nowhere", () => {
  expect(write({}).text).toBeNull();
  expect(write({ ts: 1 }).text).toBeNull();
});

it.each([0, -5, 1.5, Number.NaN])("sends nothing for ts = %s", (ts) => {
  const options = { precision: 3, isDecimal: () => false };
  expect(serialiseSample({ ts, readings: { k: 1 } }, options).text).toBeNull();
});

it("writes what JSON.parse reads back within the precision, whatever the number", () => {
  const seed = chosenSeed();
  const { fraction } = seededRandom(seed);
  for (let i = 0; i < 5_000; i++) {
    const value = (fraction() - 0.5) * 10 ** Math.floor(fraction() * 36 - 18);
    const precision = Math.floor(fraction() * 11);
    const text = valuesOf({ k: value }, precision, fraction() < 0.5 ? ["k"] : []) ?? "";
    const message = `seed ${seed}, value ${value}, precision ${precision}: ${text}`;
    const decimals = /\.(\d+)(?:e|\})/.exec(text)?.[1]?.length ?? 0;
    expect(decimals, message).toBeLessThanOrEqual(16);
    const tolerance = 0.500_001 * 10 ** -precision + Math.abs(value) * 1e-15;
    expect(Math.abs(JSON.parse(text).k - value), message).toBeLessThanOrEqual(tolerance);
  }
});
