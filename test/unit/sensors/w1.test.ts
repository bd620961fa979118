import { describe, expect, it } from "vitest";
import type { ReaderChild } from "../../../agent/ports.ts";
import { discover } from "../../../agent/sensors/discover.ts";
import { createReads } from "../../../agent/sensors/kernel-channel.ts";
import { parseScratchpad, parseTemperature } from "../../../agent/sensors/w1.ts";
import { hwmon, w1Bus, w1Scratchpad, w1Sensor } from "../../fixtures/devices.ts";
import type { Tree } from "../../fixtures/tree.ts";
import { channelsOf, readerOver, reading, treeHost } from "./rig.ts";

const CODE = "28-0316a2794eff";

/** A channel whose file says one text after the other. */
async function saying(...texts: readonly string[]) {
  const host = treeHost({ ...w1Bus, ...w1Sensor(CODE, { temperature: "" }) });
  const waiting = [...texts];
  const asked: { path: string; bus: string; timeoutMs: number }[] = [];
  const reader: ReaderChild = {
    ...readerOver(host),
    readFile: async (path, options) => {
      asked.push({ path, ...options });
      return waiting.shift() ?? "";
    },
  };
  const [channel] = (await discover(createReads(host, reader))).channels;
  if (!channel) throw new Error("no channel");
  return { channel, asked };
}

it("is read by the reader child, on the bus it hangs on, within three seconds", async () => {
  const { channel, asked } = await saying("21437\n");
  expect(await reading(channel)).toBe(21.437);
  expect(asked).toEqual([
    {
      path: `/sys/devices/w1_bus_master1/${CODE}/temperature`,
      bus: "w1_bus_master1",
      timeoutMs: 3_000,
    },
  ]);
});

it("may take longer where its entry says so", async () => {
  const { channel, asked } = await saying("21437\n");
  await channel.read(new AbortController().signal, 5_000);
  expect(asked).toMatchObject([{ timeoutMs: 5_000 }]);
});

describe("85 °C", () => {
  const powerOn = expect.objectContaining({ fault: "bad value" });

  it("is refused as the first value, and after one far from it", async () => {
    const { channel } = await saying("85000\n", "21437\n", "85000\n");
    await expect(reading(channel)).rejects.toEqual(powerOn);
    expect(await reading(channel)).toBe(21.437);
    await expect(reading(channel)).rejects.toEqual(powerOn);
  });

  it("is believed within 5 K of the last good value, and so is what is not exactly 85", async () => {
    const { channel } = await saying("84937\n", "85000\n", "90000\n", "85000\n");
    expect(await reading(channel)).toBe(84.937);
    expect(await reading(channel)).toBe(85);
    expect(await reading(channel)).toBe(90);
    expect(await reading(channel)).toBe(85);
  });
});

it.each(["127937\n", "125001\n", "-55001\n"])("refuses %j", async (text) => {
  const { channel } = await saying(text);
  await expect(reading(channel)).rejects.toMatchObject({ kind: "sensor", fault: "bad value" });
});

it("says that a checksum was wrong", () => {
  const wrong = expect.objectContaining({
    fault: "bus fault",
    message: expect.stringContaining("CRC"),
  });
  expect(() => parseTemperature("/t", "\n")).toThrow(wrong);
  expect(() => parseScratchpad("/t", w1Scratchpad("NO", 21_437))).toThrow(wrong);
  expect(() => parseScratchpad("/t", "half a line")).toThrow(
    expect.objectContaining({ fault: "bad value" }),
  );
});

it("reads w1_slave where an old driver has nothing else", async () => {
  const host = treeHost({
    ...w1Bus,
    ...w1Sensor("10-000000000001", { w1_slave: w1Scratchpad("YES", -10_125) }),
  });
  const [channel] = await channelsOf(host);
  expect(channel?.id).toBe("ds18s20@10-000000000001/temp");
  expect(channel && (await reading(channel))).toBe(-10.125);
});

const board = (tree: Tree) => channelsOf(treeHost(tree)).then((all) => all.map(({ id }) => id));

it("takes thermometers only, and not the copy of one under hwmon", async () => {
  const device = `/sys/devices/w1_bus_master1/${CODE}`;
  expect(
    await board({
      ...w1Bus,
      ...w1Sensor(CODE, { temperature: "1\n" }),
      ...w1Sensor("26-000000000001", { vad: "1\n" }), // a battery monitor
      ...hwmon(0, device, { name: "w1_slave_temp\n", temp1_input: "21437\n" }),
    }),
  ).toEqual([`ds18b20@${CODE}/temp`]);
});
