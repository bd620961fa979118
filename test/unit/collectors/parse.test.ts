import { describe, expect, it } from "vitest";
import { count, counts, decimal, unexpected } from "../../../agent/collectors/parse.ts";

describe("a decimal", () => {
  it.each([
    ["48199", 48_199],
    ["-5", -5],
    ["+.5", 0.5],
    ["96.482574218", 96.482574218],
    ["1.", 1],
    ["2e3", 2_000],
  ])("reads %j", (text, value) => expect(decimal(text)).toBe(value));

  it.each([
    "",
    " 1",
    "1 ",
    "12abc",
    "nan",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "1e999",
    ".",
    "--1",
  ])("refuses %j", (text) => expect(decimal(text)).toBeNull());

  it("of nothing is nothing", () => expect(decimal(undefined)).toBeNull());
});

describe("a count", () => {
  it.each([
    ["0", 0],
    ["007", 7],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("reads %j", (text, value) => expect(count(text)).toBe(value));

  it.each(["", "-1", "1.0", "1e3", "9007199254740992", "12abc"])("refuses %j", (text) =>
    expect(count(text)).toBeNull(),
  );

  it("is refused for a whole row when one field is none", () => {
    expect(counts(["1", "2"])).toEqual([1, 2]);
    expect(counts(["1", "x"])).toBeNull();
  });
});

it("an error repeats only the beginning of the text, with its control characters visible", () => {
  const { message, kind } = unexpected("/proc/x", "a size", `a\u0000b${"y".repeat(100)}`);
  expect(kind).toBe("sensor");
  expect(message).toBe(`/proc/x: not a size: "a\\u0000b${"y".repeat(37)}…"`);
});
