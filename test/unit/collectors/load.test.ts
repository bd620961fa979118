import { expect, it } from "vitest";
import { parseLoad } from "../../../agent/collectors/load.ts";

it("reads the three averages", () => {
  expect(parseLoad("0.52 0.58 12.00 2/1234 5678")).toEqual({
    load1: 0.52,
    load5: 0.58,
    load15: 12,
  });
});

it.each([
  "",
  "0.52",
  "0.52 0.58",
  "0.52 0.58 x 2/1 3",
  "nan nan nan 1/2 3",
  "-1 0 0 1/2 3",
  "1,5 0 0",
])("refuses %j", (text) => {
  expect(() => parseLoad(text)).toThrow(
    expect.objectContaining({ kind: "sensor", message: expect.stringContaining("/proc/loadavg") }),
  );
});
