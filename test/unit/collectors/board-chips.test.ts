import { describe, expect, it } from "vitest";
import type { Collector } from "../../../agent/collectors/collector.ts";
import { fan, parseFan } from "../../../agent/collectors/fan.ts";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { parseCoreVoltage, power } from "../../../agent/collectors/power.ts";
import { parseCell, rtc } from "../../../agent/collectors/rtc.ts";
import type { Host } from "../../../agent/ports.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const open = (collector: Collector, host: Host) =>
  collector.open(host, defaultCollectorSettings, noDevices);
const readingsOf = (collector: Collector, host: Host) => lookAt(open(collector, host), 0);

describe.each([
  { name: "the core voltage", collector: power, readings: { coreVoltage: 0.877 } },
  { name: "the fan", collector: fan, readings: { fanRpm: 2874 } },
  { name: "the cell of the clock", collector: rtc, readings: { rtcBatteryVoltage: 3.012 } },
])("$name", ({ collector, readings }) => {
  it("is found on a Raspberry Pi 5", async () => {
    expect(await readingsOf(collector, fixtureHost("pi5"))).toEqual(readings);
  });

  it.each(["pi4", "zero2w", "x64"] as const)("is not there on the %s", async (board) => {
    expect(await readingsOf(collector, fixtureHost(board))).toBeNull();
  });

  it("is looked for again after it went away", async () => {
    const host = fixtureHost("pi5", "x64", "pi5");
    const collect = open(collector, host);
    expect(await lookAt(collect, 0)).toEqual(readings);
    host.next();
    expect(await lookAt(collect, 1_000)).toBeNull();
    host.next();
    expect(await lookAt(collect, 2_000)).toEqual(readings);
  });
});

it("a chip whose name cannot be read is an error only where no other fits: it may be the one", async () => {
  const name = (number: number) => `/sys/class/hwmon/hwmon${number}/name`;
  expect(await readingsOf(fan, failingAt(fixtureHost("pi5"), name(0), "EIO"))).toEqual({
    fanRpm: 2874,
  });
  await expect(
    readingsOf(fan, failingAt(fixtureHost("pi5"), name(2), "EIO")),
  ).rejects.toMatchObject({ kind: "sensor", message: `${name(2)}: EIO` });
});

it.each([
  [() => parseCoreVoltage("/v", ""), "/v: not a voltage in mV"],
  [() => parseCoreVoltage("/v", "877mV"), "/v: not a voltage in mV"],
  [() => parseCoreVoltage("/v", "20001"), "/v: not a voltage in mV"],
  [() => parseFan("/f", "-1"), "/f: not a speed in rpm"],
  [() => parseFan("/f", "28.5"), "/f: not a speed in rpm"],
  [() => parseFan("/f", "4294967295"), "/f: not a speed in rpm"],
  [() => parseCell("/c", "-5"), "/c: not a voltage in µV"],
  [() => parseCell("/c", "nan"), "/c: not a voltage in µV"],
])("%s is refused", (parse, message) => {
  expect(parse).toThrow(
    expect.objectContaining({ kind: "sensor", message: expect.stringContaining(message) }),
  );
});
