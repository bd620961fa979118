import { expect, it } from "vitest";
import { defaultConfig } from "../../../agent/config/config.ts";
import type { Gpio, ReaderChild, Readings } from "../../../agent/ports.ts";
import { openSources } from "../../../agent/sensors/sources.ts";
import { parseFile } from "../../support/config-input.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";
import { recordingLog } from "../../support/recording-log.ts";

const high: Gpio = {
  open: () => ({ isActive: () => true, edges: () => 7, [Symbol.dispose]() {} }),
};

/** What the pi4 sends with these entries at the first look and at the second; whatever runs prints `printed`. */
async function looksOf(toml: string, metrics: readonly string[], printed = "") {
  const host = fixtureHost("pi4");
  const reader: ReaderChild = {
    readFile: async (path) => host.readFile(path, 1_000),
    run: async () => printed,
  };
  const { config } = parseFile(toml);
  const opened = openSources(
    { ...defaultConfig, sensors: config.sensors, system: { ...defaultConfig.system, metrics } },
    { host, reader, gpio: high, log: recordingLog() },
    noDevices,
  );
  const look = async (ms: number) => {
    const looks: [string, Readings | null][] = [];
    for (const { name, collect } of opened.fixed) looks.push([name, await lookAt(collect, ms)]);
    return looks;
  };
  return { first: await look(0), second: await look(1_000), isDecimal: opened.isDecimal };
}

it.each([
  ["channel", 'id = "bme280@1-0076/temp"', { cpuTemperature: 22.47 }],
  [
    "file",
    'type = "file"\npath = "/sys/class/thermal/thermal_zone0/temp"',
    { cpuTemperature: 48199 },
  ],
  ["program", 'type = "exec"\ncommand = ["/x"]', { cpuTemperature: 19 }],
  ["line", 'type = "gpio"\nchip = "a"\nline = 1', { cpuTemperature: true }],
])("a key that the user gave to a %s is sent by nobody else", async (_, entry, readings) => {
  const toml = `[[sensors]]\n${entry}\nkey = "cpuTemperature"\n`;
  const { first, second } = await looksOf(toml, ["cpuTemperature", "load1"], "19\n");
  expect(first).toEqual([
    ["load", { load1: 0.52 }],
    [expect.any(String), readings],
  ]);
  expect(second).toEqual(first);
});

it("what a program's JSON holds is its own as soon as it has run", async () => {
  const toml = '[[sensors]]\ntype = "exec"\nid = "ups"\ncommand = ["/x"]\nformat = "json"\n';
  const { first, second } = await looksOf(toml, ["load1", "load5"], '{"load1":9}');
  expect(first).toEqual([
    ["load", { load1: 0.52, load5: 0.58 }],
    ["exec ups", { load1: 9 }],
  ]);
  expect(second).toEqual([
    ["load", { load5: 0.58 }],
    ["exec ups", { load1: 9 }],
  ]);
});

it("a sensor that is switched off takes nothing", async () => {
  const toml = '[[sensors]]\nid = "bme280@1-0076/temp"\nkey = "cpuTemperature"\nenabled = false\n';
  expect((await looksOf(toml, ["cpuTemperature"])).first).toEqual([
    ["thermal", { cpuTemperature: 48.199 }],
  ]);
});

it("a key is a whole number by nature only where the board's own is sent", async () => {
  expect((await looksOf("", ["uptime"])).isDecimal("uptime")).toBe(false);
  const toml = '[[sensors]]\nid = "bme280@1-0076/temp"\nkey = "uptime"\n';
  expect((await looksOf(toml, ["uptime"])).isDecimal("uptime")).toBe(true);
});
