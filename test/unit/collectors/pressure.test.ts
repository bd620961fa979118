import { expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { parsePressure, pressure } from "../../../agent/collectors/pressure.ts";
import type { Host } from "../../../agent/ports.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const open = (host: Host = fixtureHost("pi4")) =>
  pressure.open(host, defaultCollectorSettings, noDevices);

it("reads the share of the last 10 s in which at least one task waited", async () => {
  expect(await lookAt(open(), 0)).toEqual({
    pressureCpu: 1.53,
    pressureMemory: 0,
    pressureIo: 4.21,
  });
});

it("takes the line of some tasks, not that of all, whichever comes first", () => {
  const text =
    "full avg10=9.00 avg60=0 avg300=0 total=1\nsome avg10=12.50 avg60=0 avg300=0 total=1";
  expect(parsePressure("/proc/pressure/io", text)).toBe(12.5);
});

it("leaves out what a kernel does not measure", async () => {
  const host = failingAt(fixtureHost("pi4"), "/proc/pressure/cpu", "ENOENT");
  expect(await lookAt(open(host), 0)).toEqual({ pressureMemory: 0, pressureIo: 4.21 });
});

it.each(["", "some avg10=", "some avg10=x avg60=0", "some avg10=101 avg60=0", "full avg10=1.00 a"])(
  "refuses %j",
  (text) => {
    expect(() => parsePressure("/proc/pressure/cpu", text)).toThrow(
      expect.objectContaining({
        kind: "sensor",
        message: expect.stringContaining("/proc/pressure/cpu"),
      }),
    );
  },
);
