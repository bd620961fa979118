import { describe, expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { cpuZone, parseTemperature, thermal } from "../../../agent/collectors/thermal.ts";
import type { Host } from "../../../agent/ports.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const ZONE = "/sys/class/thermal/thermal_zone0";
const temperatureOf = (host: Host) =>
  lookAt(thermal.open(host, defaultCollectorSettings, noDevices), 0);

it.each([
  ["pi4", 48.199],
  ["pi5", 51.25],
  ["zero2w", 39.166],
] as const)("reads the %s", async (board, cpuTemperature) => {
  expect(await temperatureOf(fixtureHost(board))).toEqual({ cpuTemperature });
});

it("has no such subject on a machine without zones", async () => {
  expect(await temperatureOf(fixtureHost("x64"))).toBeNull();
  expect(
    await temperatureOf(failingAt(fixtureHost("pi4"), "/sys/class/thermal", "ENOENT")),
  ).toBeNull();
});

describe("the zone", () => {
  const zones = (...types: readonly string[]) =>
    types.map((label, index) => ({ folder: `thermal_zone${index}`, label }));

  it.each([
    [["iwlwifi", "cpu-thermal"], "thermal_zone1"],
    [["soc-thermal", "cpu-thermal"], "thermal_zone1"],
    [["gpu", "SoC_max"], "thermal_zone1"],
    [["cpu0-thermal", "cpu1-thermal"], "thermal_zone0"],
    [["acpitz", "iwlwifi"], undefined],
    [[], undefined],
  ])("of %j is %j", (types, name) => expect(cpuZone(zones(...types))?.folder).toBe(name));

  it("is found once", async () => {
    const asked: string[] = [];
    const host = fixtureHost("pi4");
    const counting: Host = {
      ...host,
      readDir: (path) => {
        asked.push(path);
        return host.readDir(path);
      },
    };
    const collect = thermal.open(counting, defaultCollectorSettings, noDevices);
    await lookAt(collect, 0);
    await lookAt(collect, 1_000);
    expect(asked).toEqual(["/sys/class/thermal"]);
  });

  it("is looked for again after it went away", async () => {
    const host = fixtureHost("pi4", "x64", "pi5");
    const collect = thermal.open(host, defaultCollectorSettings, noDevices);
    expect(await lookAt(collect, 0)).toEqual({ cpuTemperature: 48.199 });
    host.next();
    expect(await lookAt(collect, 1_000)).toBeNull();
    host.next();
    expect(await lookAt(collect, 2_000)).toEqual({ cpuTemperature: 51.25 });
  });

  it("whose type cannot be read is an error: it may be the one", async () => {
    await expect(
      temperatureOf(failingAt(fixtureHost("pi4"), `${ZONE}/type`, "EIO")),
    ).rejects.toMatchObject({ kind: "sensor", message: `${ZONE}/type: EIO` });
  });
});

describe("the temperature", () => {
  it("is given in millidegrees", () => {
    expect(parseTemperature("/t", "-5000")).toEqual({ cpuTemperature: -5 });
  });

  it.each(["", "warm", "48 312", "12abc", "nan", "400001", "-100001"])("refuses %j", (text) => {
    expect(() => parseTemperature("/t", text)).toThrow(expect.objectContaining({ kind: "sensor" }));
  });

  it("that cannot be read is an error with the way out", async () => {
    await expect(
      temperatureOf(failingAt(fixtureHost("pi4"), `${ZONE}/temp`, "EACCES")),
    ).rejects.toMatchObject({
      kind: "sensor",
      message: `${ZONE}/temp: EACCES`,
      hint: expect.stringContaining("ls -l"),
    });
  });
});
