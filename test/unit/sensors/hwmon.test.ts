import { expect, it } from "vitest";
import { hwmon } from "../../fixtures/devices.ts";
import { attributes, kernelLink } from "../../fixtures/tree.ts";
import { channelsOf, reading, treeHost } from "./rig.ts";

const I2C = "/sys/devices/platform/soc/fe804000.i2c/i2c-1";
const chip = (values: Readonly<Record<string, string>>) =>
  channelsOf(treeHost(hwmon(0, `${I2C}/1-0048`, { name: "chip\n", ...values })));

it.each([
  ["temp1_fault", "1\n"],
  ["temp1_enable", "0\n"],
])("leaves a channel out while its %s says so", async (flag, text) => {
  const [channel] = await chip({ temp1_input: "21000\n", [flag]: text });
  await expect(channel && reading(channel)).rejects.toMatchObject({ fault: "absent" });
});

it("reads a channel whose flags are in order", async () => {
  const [channel] = await chip({
    temp1_input: "21000\n",
    temp1_fault: "0\n",
    temp1_enable: "1\n",
  });
  expect(channel && (await reading(channel))).toBe(21);
});

it("takes the average only where there is no input", async () => {
  const channels = await chip({
    power1_input: "1000000\n",
    power1_average: "2000000\n",
    power2_average: "3000000\n",
  });
  expect(await Promise.all(channels.map(reading))).toEqual([1, 3]);
});

it("reads the fan's pwm as a percentage, and full speed where pwm1_enable is 0", async () => {
  const [channel] = await chip({ pwm1: "255\n", pwm1_enable: "0\n" });
  expect(channel && (await reading(channel))).toBe(100);
});

it("gives a chip without a device no key of its own", async () => {
  const folder = "/sys/devices/virtual/hwmon/hwmon3";
  const host = treeHost({
    ...attributes(folder, { name: "odd\n", temp1_input: "21000\n" }),
    ...kernelLink("/sys/class/hwmon/hwmon3", folder),
  });
  expect(await channelsOf(host)).toMatchObject([
    { id: "odd@none/temp1", key: null, automatic: false },
  ]);
});

it("tells channels with one label apart in the order of their paths", async () => {
  const channels = await chip({
    temp1_input: "1\n",
    temp1_label: "Core\n",
    temp2_input: "2\n",
    temp2_label: "core\n",
  });
  expect(channels.map(({ id, key }) => [id, key])).toEqual([
    ["chip@1-0048/core", "chipAt1x48TemperatureCore"],
    ["chip@1-0048/core2", "chipAt1x48TemperatureCore2"],
  ]);
});
