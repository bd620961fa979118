import { expect, it } from "vitest";
import type { KernelSensor } from "../../../agent/config/sensor-config.ts";
import type { Host } from "../../../agent/ports.ts";
import { discover } from "../../../agent/sensors/discover.ts";
import { createReads } from "../../../agent/sensors/kernel-channel.ts";
import { configuredSource, foundSource } from "../../../agent/sensors/kernel-source.ts";
import { createRegistry } from "../../../agent/sensors/registry.ts";
import { iio } from "../../fixtures/devices.ts";
import type { Tree } from "../../fixtures/tree.ts";
import { lookAt } from "../../support/look.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { failing, hanging, readerOver, treeHost, withFiles } from "./rig.ts";

const I2C = "/sys/devices/platform/soc/fe804000.i2c/i2c-1";
const chip = (number: number, address: string, millidegrees: number): Tree =>
  iio(number, `${I2C}/${address}`, { name: "bme280\n", in_temp_input: `${millidegrees}\n` });
const ID = "bme280@1-0076/temp";
const FILE = `${I2C}/1-0076/iio:device0/in_temp_input`;

/** A host that shows another board when the test says so. */
function world(first: Tree) {
  let host = treeHost(first);
  const current: Host = {
    readFile: (path, limit) => host.readFile(path, limit),
    readDir: (path) => host.readDir(path),
    realPath: (path) => host.realPath(path),
    statfs: (path) => host.statfs(path),
  };
  const reads = createReads(current, readerOver(current));
  const log = recordingLog();
  const registry = createRegistry({ discover: (onClash) => discover(reads, onClash), log });
  return {
    registry,
    log,
    said: () =>
      log.lines
        .splice(0)
        .map(({ event, fields }) => `${event} ${fields["sensor"] ?? fields["path"]}`),
    become: (tree: Tree) => {
      host = treeHost(tree);
    },
    overlay: (files: Readonly<Record<string, () => Promise<string>>>) => {
      host = withFiles(host, files);
    },
    ids: async (ms: number) => (await registry.channels(ms)).map(({ id }) => id),
  };
}

const kernel = (given: Partial<KernelSensor>): KernelSensor => ({
  ...{ type: "kernel", id: ID, enabled: true, key: null, interval: null, schedule: null },
  ...{ unit: null, on_change: false, factor: 1, offset: 0, deadband: null, timeout: null },
  ...given,
});

it("looks anew every 60 s, and says once what came and what went after the start", async () => {
  const { ids, said, become } = world(chip(0, "1-0076", 21_000));
  expect(await ids(0)).toEqual([ID]);
  become({ ...chip(0, "1-0076", 21_000), ...chip(1, "1-0077", 4_000) });
  expect(await ids(54_999)).toEqual([ID]);
  expect(said()).toEqual([]);
  // the beat of a minute, a few milliseconds early
  expect(await ids(59_996)).toEqual([ID, "bme280@1-0077/temp"]);
  become(chip(0, "1-0077", 4_000));
  expect(await ids(120_000)).toEqual(["bme280@1-0077/temp"]);
  expect(said()).toEqual(["sensor found bme280@1-0077/temp", `sensor is gone ${ID}`]);
});

it("drops a sensor that was pulled, and finds it again under another kernel number", async () => {
  const { registry, ids, said, become } = world(chip(0, "1-0076", 21_000));
  const [channel] = await registry.channels(0);
  if (!channel) throw new Error("no channel");
  const source = foundSource(channel, "t", registry);
  expect(await lookAt(source.collect, 0)).toEqual({ t: 21 });
  become({});
  expect(await lookAt(source.collect, 10_000)).toBeNull();
  expect(await ids(10_000)).toEqual([]);
  expect(await ids(60_000)).toEqual([]);
  become(chip(3, "1-0076", 22_000));
  const [back] = await registry.channels(120_000);
  expect(back?.id).toBe(ID);
  expect(back && (await lookAt(foundSource(back, "t", registry).collect, 120_000))).toEqual({
    t: 22,
  });
  expect(said()).toEqual([`sensor is gone ${ID}`, `sensor found ${ID}`]);
});

it("does not write a line a minute about a file that is listed but never opens", async () => {
  const { registry, said, overlay } = world(chip(0, "1-0076", 21_000));
  overlay({ [FILE]: failing("ENODEV") });
  for (let minute = 0; minute < 60; minute++) {
    for (const channel of await registry.channels(minute * 60_000))
      await lookAt(foundSource(channel, "t", registry).collect, minute * 60_000);
  }
  expect(said()).toEqual([`sensor is gone ${ID}`]);
});

it("keeps the others when one device cannot be looked at, and says so once", async () => {
  const broken = `${I2C}/1-0076/iio:device0`;
  const { ids, said, overlay } = world({ ...chip(0, "1-0076", 1), ...chip(1, "1-0077", 2) });
  overlay({ [`${broken}/name`]: failing("EIO") });
  expect(await ids(0)).toEqual(["bme280@1-0077/temp"]);
  expect(await ids(60_000)).toEqual(["bme280@1-0077/temp"]);
  expect(said()).toEqual(["device cannot be looked at /sys/bus/iio/devices/iio:device0"]);
});

it("never asks a device again whose driver hangs, and finds the others at the next look", async () => {
  const { registry, ids, overlay } = world({ ...chip(0, "1-0076", 1), ...chip(1, "1-0077", 2) });
  const first = Promise.withResolvers<void>();
  const other = Promise.withResolvers<void>();
  let asked = 0;
  overlay({
    [`${I2C}/1-0076/iio:device0/name`]: () => {
      asked++;
      first.resolve();
      return hanging();
    },
    [`${I2C}/1-0077/iio:device1/name`]: async () => {
      other.resolve();
      return "bme280\n";
    },
  });
  void registry.channels(0); // the sampler gives up on it
  await Promise.all([first.promise, other.promise]);
  await virtualClock().settle();
  expect(await ids(60_000)).toEqual(["bme280@1-0077/temp"]);
  expect(await ids(120_000)).toEqual(["bme280@1-0077/temp"]);
  expect(asked).toBe(1);
});

it("reads what an entry names, calibrated and under its key, and says when it is not there", async () => {
  const { registry, become } = world(chip(0, "1-0076", 21_000));
  const source = configuredSource(
    kernel({ key: "tank", factor: 2, offset: -1, unit: "x", interval: 5_000, deadband: 0.5 }),
    registry,
    ({ key }) => key,
  );
  expect(source).toMatchObject({ name: ID, intervalMs: 5_000, rule: { deadband: 0.5 } });
  expect(await lookAt(source.collect, 0)).toEqual({ tank: 41 });
  expect(source.keys).toEqual({ tank: { unit: "x", source: FILE } });
  become({});
  for (const ms of [10_000, 70_000])
    await expect(lookAt(source.collect, ms)).rejects.toMatchObject({
      kind: "sensor",
      message: `${ID} is not there`,
      hint: expect.stringContaining("pipit sensors scan"),
    });
});

it("uses the default key where the entry gives none", async () => {
  const { registry } = world(chip(0, "1-0076", 21_000));
  const source = configuredSource(kernel({}), registry, ({ key }) => key);
  expect(await lookAt(source.collect, 0)).toEqual({ bme280At1x76Temperature: 21 });
  expect(Object.keys(source.keys)).toEqual(["bme280At1x76Temperature"]);
});

it("lets 1-Wire take its time in a group of its own", () => {
  const { registry } = world({});
  const source = configuredSource(
    kernel({ id: "ds18b20@28-0316a2794eff/temp" }),
    registry,
    () => null,
  );
  expect(source).toMatchObject({ group: "w1", deadlineMs: 60_000 });
});
