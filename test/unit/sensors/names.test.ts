import { describe, expect, it } from "vitest";
import { addressOf } from "../../../agent/sensors/address.ts";
import { parseHwmonName } from "../../../agent/sensors/hwmon.ts";
import { parseIioName, sharedNames } from "../../../agent/sensors/iio.ts";
import { defaultKey, freeName } from "../../../agent/sensors/keys.ts";

describe("a default key", () => {
  it.each([
    ["bme280", "1-0076", "temperature", "", "bme280At1x76Temperature"],
    ["ina219", "1-0040", "power", "1", "ina219At1x40Power1"],
    ["ds18b20", "28-0316a2794eff", "temperature", "", "ds18b20At0316a2794effTemperature"],
    ["mpu6050", "1-0068", "acceleration", "x", "mpu6050At1x68AccelerationX"],
    ["dht11", "dht11@4", "humidity", "", "dht11AtDht11x4Humidity"],
    ["mcp3204", "spi0.0", "voltage", "3", "mcp3204AtSpi0x0Voltage3"],
    ["rpi_volt", "raspberrypi-hwmon", "voltage", "core", "rpiVoltAtRaspberrypixhwmonVoltageCore"],
    ["74hc", "1-0020", "count", "0", "chip74hcAt1x20Count0"],
  ])("of %s at %s is made of chip, address and quantity", (chip, address, quantity, which, key) => {
    expect(defaultKey({ chip, address, quantity, which })).toBe(key);
  });

  it("is never longer than a key may be", () => {
    const long = "a".repeat(80);
    const key = defaultKey({ chip: long, address: "1-0076", quantity: "x", which: "" });
    expect(key).toHaveLength(64);
    expect(freeName(key, (name) => name === key)).toBe(`${key.slice(0, 63)}2`);
  });
});

describe("an address", () => {
  it.each([
    ["/sys/devices/platform/soc/fe804000.i2c/i2c-1/1-0076", "1-0076", "i2c-1", true],
    ["/sys/devices/platform/soc/fe204000.spi/spi_master/spi0/spi0.0", "spi0.0", "spi0", true],
    ["/sys/devices/platform/dht11@4", "dht11@4", "dht11@4", true],
    ["/sys/devices/platform/cooling_fan", "cooling_fan", "cooling_fan", false],
    ["/sys/devices/virtual", null, "virtual", false],
    ["/sys/devices", null, "devices", false],
  ])("of %s is %s on %s", (path, text, bus, pluggable) => {
    expect(addressOf(path, null)).toMatchObject({ text, bus, pluggable });
  });

  it("is the label where the device tree gives one", () => {
    expect(addressOf("/sys/devices/i2c-1/1-0076", "cellar")).toMatchObject({
      text: "cellar",
      pluggable: true,
    });
  });
});

describe("an IIO file", () => {
  it.each([
    ["in_temp_input", ["temp", "", "", "", "input"]],
    ["in_voltage0_raw", ["voltage", "0", "", "", "raw"]],
    ["in_voltage0-voltage1_raw", ["voltage", "0", "1", "", "raw"]],
    ["in_accel_x_raw", ["accel", "", "", "x", "raw"]],
    ["in_concentration2_co2_raw", ["concentration", "2", "", "co2", "raw"]],
  ])("%s is a channel", (file, [type, index, minus, modifier, kind]) => {
    expect(parseIioName(file)).toEqual({ type, index, minus, modifier, kind });
  });

  it.each([
    "in_temp_mean_raw",
    "in_accel_x_peak_raw",
    "in_temp_oversampling_ratio",
    "in_temp_scale",
    "out_voltage0_raw",
    "in_voltage0-current1_raw",
    "in_voltage-voltage_scale",
    "sampling_frequency",
  ])("%s is none", (file) => expect(parseIioName(file)).toBeNull());

  it("looks for its scale from the nearest name to the type alone", () => {
    const name = { type: "voltage", index: "1", minus: "", modifier: "x", kind: "raw" } as const;
    expect(sharedNames(name, "scale")).toEqual([
      "in_voltage1_x_scale",
      "in_voltage_x_scale",
      "in_voltage1_scale",
      "in_voltage_scale",
    ]);
    expect(sharedNames({ ...name, minus: "2", modifier: "" }, "scale")).toEqual([
      "in_voltage1-voltage2_scale",
      "in_voltage-voltage_scale",
      "in_voltage_scale",
    ]);
  });
});

it.each([
  ["temp1_input", "temp", "1"],
  ["power1_average", "power", "1"],
  ["pwm2", "pwm", "2"],
  ["temp1_max", null, null],
  ["pwm1_enable", null, null],
  ["in0_lcrit_alarm", null, null],
])("a hwmon file %s is channel %s%s", (file, type, index) => {
  expect(parseHwmonName(file)).toEqual(type === null ? null : { type, index, file });
});
