import { expect, it } from "vitest";
import { missingBusHints, suggestToml } from "../../../agent/sensors/suggest.ts";
import { i2cBus } from "../../fixtures/devices.ts";
import { fixtures } from "../../fixtures/make-fixtures.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { channelsOf, treeHost } from "./rig.ts";

it("gives the plain key to the first sensor of a quantity only", async () => {
  const toml = suggestToml(await channelsOf(fixtureHost("twins-a")));
  expect([...toml.matchAll(/^key = (.*)$/gm)].map(([, key]) => key)).toEqual([
    '"temperature"',
    '"bme280At1x77Temperature"',
  ]);
});

it("says nothing about buses where there is no config.txt", async () => {
  expect(await missingBusHints(fixtureHost("x64"))).toEqual([]);
});

it("does not look for sensors on the buses of the camera and of HDMI", async () => {
  const hints = await missingBusHints(
    treeHost({ ...fixtures.pi4, ...i2cBus(0), ...i2cBus(1, "0076"), ...i2cBus(20) }),
  );
  expect(hints).toEqual([]);
});

it("says that a folder cannot be read rather than that its bus is off", async () => {
  await expect(
    missingBusHints(failingAt(fixtureHost("pi4"), "/sys/bus/w1/devices", "EACCES")),
  ).rejects.toMatchObject({ kind: "sensor" });
});
