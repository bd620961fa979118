import { expect, it } from "vitest";
import type { KernelSensor } from "../../../agent/config/sensor-config.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Gpio } from "../../../agent/ports.ts";
import { openSensors } from "../../../agent/sensors/open.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt } from "../../support/look.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { readerOver } from "./rig.ts";

const noGpio: Gpio = {
  open: () => {
    throw new AgentError("sensor", "no gpio here");
  },
};

function opened(board: FixtureName, sensors: readonly KernelSensor[], automatic = true) {
  const host = fixtureHost(board);
  const log = recordingLog();
  return {
    log,
    ...openSensors({ host, reader: readerOver(host), gpio: noGpio, log }, { sensors, automatic }),
  };
}

const kernel = (id: string, key: string | null, enabled = true): KernelSensor => ({
  ...{ type: "kernel", id, enabled, key, interval: null, schedule: null, unit: null },
  ...{ on_change: false, factor: 1, offset: 0, deadband: null, timeout: null },
});

it("sends what people plugged into the pi4, in one sample but for the slow bus", async () => {
  const { found } = opened("pi4", []);
  const sources = await found(0);
  const readings = await Promise.all(sources.map(({ collect }) => lookAt(collect, 0)));
  expect(Object.assign({}, ...readings)).toEqual({
    ina219At1x40Current1: 0.612,
    ina219At1x40Voltage0: 0.012,
    ina219At1x40Voltage1: 5.124,
    ina219At1x40Power1: 3.14,
    bme280At1x76Humidity: 41.235,
    bme280At1x76Pressure: expect.closeTo(964.826, 3),
    bme280At1x76Temperature: 22.47,
    ds18b20At0316a2794effTemperature: 21.437,
  });
  expect(sources.filter(({ group }) => group !== null).map(({ name }) => name)).toEqual([
    "ds18b20@28-0316a2794eff/temp",
  ]);
  expect(await found(10_000)).toEqual(sources);
});

it("sends nothing of the board's own chips unless it is listed", async () => {
  const { found, fixed } = opened("pi5", [kernel("nvme@nvme0/composite", "diskTemperature")]);
  expect(await found(0)).toEqual([]);
  expect(await Promise.all(fixed.map(({ collect }) => lookAt(collect, 0)))).toEqual([
    { diskTemperature: 38.85 },
  ]);
});

it("sends a listed channel once, and one that is silenced not at all", async () => {
  const { found, fixed } = opened("twins-a", [
    kernel("bme280@1-0076/temp", "tank"),
    kernel("bme280@1-0077/temp", null, false),
  ]);
  expect(fixed.map(({ name }) => name)).toEqual(["bme280@1-0076/temp"]);
  expect(await found(0)).toEqual([]);
});

it("finds nothing by itself when that is turned off", async () => {
  expect(await opened("pi4", [], false).found(0)).toEqual([]);
});

it("leaves a key to the user who gave it to another sensor, and warns once", async () => {
  const { found, log } = opened("twins-a", [
    kernel("bme280@1-0077/temp", "bme280At1x76Temperature"),
  ]);
  const keys = async (ms: number) =>
    (await found(ms)).flatMap((source) => Object.keys(source.keys));
  expect(await keys(0)).toEqual(["bme280At1x76Temperature2"]);
  expect(await keys(60_000)).toEqual(["bme280At1x76Temperature2"]);
  expect(log.lines).toMatchObject([
    { level: "warn", fields: { sensor: "bme280@1-0076/temp", key: "bme280At1x76Temperature2" } },
  ]);
});
