import { expect, it } from "vitest";
import { parseFrequency } from "../../../agent/collectors/frequency.ts";

it("reads kilohertz", () => {
  expect(parseFrequency("1800000")).toEqual({ cpuFrequencyMhz: 1800 });
  expect(parseFrequency("1500398")).toEqual({ cpuFrequencyMhz: 1500.398 });
});

it.each(["", "<unknown>", "-1800000", "1800 MHz", "1e12"])("refuses %j", (text) => {
  expect(() => parseFrequency(text)).toThrow(
    expect.objectContaining({ kind: "sensor", message: expect.stringContaining("cpufreq") }),
  );
});
