import { expect, it } from "vitest";
import { suggestToml } from "../../../agent/sensors/suggest.ts";
import { iio } from "../../fixtures/devices.ts";
import { parseFile } from "../../support/config-input.ts";
import { channelsOf, reading, treeHost } from "./rig.ts";

/** As the driver of an ADS1115 shows it: 0.125 mV a step, of single inputs and of pairs. */
const ads1115 = iio(0, "/sys/devices/platform/soc/fe804000.i2c/i2c-1/1-0048", {
  name: "ads1115\n",
  "in_voltage0-voltage1_raw": "-4\n",
  "in_voltage0-voltage1_scale": "0.125000000\n",
  "in_voltage2-voltage3_raw": "8\n",
  "in_voltage-voltage_scale": "0.250000000\n",
  in_voltage0_raw: "9600\n",
  in_voltage0_scale: "0.125000000\n",
  in_voltage0_sampling_frequency: "128\n",
});

it("reads the difference of two inputs beside each by itself", async () => {
  const channels = await channelsOf(treeHost(ads1115));
  const shown = await Promise.all(
    channels.map(async (channel) => [channel.id, channel.key, await reading(channel)]),
  );
  expect(shown).toEqual([
    ["ads1115@1-0048/voltage0-voltage1", "ads1115At1x48Voltage0x1", -0.0005],
    ["ads1115@1-0048/voltage0", "ads1115At1x48Voltage0", 1.2],
    ["ads1115@1-0048/voltage2-voltage3", "ads1115At1x48Voltage2x3", 0.002],
  ]);
  const { config, problems } = parseFile(suggestToml(channels));
  expect(problems).toEqual([]);
  expect(config.sensors.map(({ id }) => id)).toEqual(channels.map(({ id }) => id));
});
