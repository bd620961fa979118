import { expect, it } from "vitest";
import { formatRate, parseRate } from "../../../agent/config/rate.ts";

it.each([
  ["20/s", 20],
  ["1/s", 1],
  ["30/m", 0.5],
  ["1/m", 1 / 60],
])("reads %s", (text, perSecond) => {
  expect(parseRate(text)).toBe(perSecond);
  expect(formatRate(perSecond)).toBe(text);
});

it.each(["", "20", "20/h", "/s", "-1/s", "1.5/s", "20 /s"])("takes %j for no rate", (text) => {
  expect(parseRate(text)).toBeNull();
});
