import { join } from "node:path";
import { expect, it } from "vitest";
import type { OptionValues } from "../../../agent/cli/command.ts";
import { UsageError } from "../../../agent/cli/command.ts";
import { sample } from "../../../agent/cli/sample.ts";
import { fixtureRoot } from "../../support/fixtures.ts";
import { recordingShell } from "../../support/recording-shell.ts";
import { temporaryRoot } from "../../support/temporary-root.ts";

/** Below a fixture there is no configuration, so these are the defaults. */
async function run(names: readonly string[], options: OptionValues = {}) {
  const shell = recordingShell();
  const given = { sysroot: fixtureRoot("pi4"), ...options };
  const exit = await sample.run({ shell, options: given, positionals: names });
  return { exit, out: shell.stdout, err: shell.stderr };
}

it("prints the readings of a system root, without any configuration", async () => {
  const { exit, out, err } = await run(["memory", "thermal", "uptime"]);
  expect(out.slice(0, -1)).toEqual([
    "cpuTemperature        48.199 °C  /sys/class/thermal/thermal_zone0/temp",
    "memoryUsage           31.0   %   /proc/meminfo",
    "memoryAvailableMb   2744.517 MB  /proc/meminfo",
    "uptime             86357     s   /proc/uptime",
  ]);
  expect(out.join()).toMatch(/4 readings, 4 ok, 0 failed, \d+\.\d ms$/);
  expect(err).toEqual([]);
  expect(exit).toBe(0);
});

it("prints with --json what ThingsBoard would be sent: whole numbers stay whole, decimals stay decimals", async () => {
  const { out } = await run(["memory", "uptime"], { json: true });
  expect(out.join()).toMatch(
    /^\{"ts":\d{13},"values":\{"memoryUsage":31\.0,"memoryAvailableMb":2744\.517,"uptime":86357\}\}$/,
  );
});

it.each([
  ["pi5", "fan", "fanRpm", "/sys/class/hwmon/hwmon2/fan1_input"],
  ["pi5", "power", "coreVoltage", "/sys/class/hwmon/hwmon3/in0_input"],
  ["pi5", "rtc", "rtcBatteryVoltage", "/sys/class/rtc/rtc0/battery_voltage"],
  ["pi4", "sdWrittenGb", "sdWrittenGb", "/sys/block/mmcblk0/stat"],
  [
    "cm4",
    "sdLifeUsed",
    "sdLifeUsed",
    "/sys/block/mmcblk0/device/life_time, /sys/block/mmcblk0/device/pre_eol_info",
  ],
  [
    "pi4",
    "throttle",
    "piThrottleEvents",
    "/sys/class/hwmon/hwmon1/in0_lcrit_alarm, /sys/devices/platform/soc/soc:firmware/get_throttled",
  ],
] as const)("on the %s names the file that %s came from", async (board, name, key, files) => {
  const { out } = await run([name], { sysroot: fixtureRoot(board) });
  expect(out.find((line) => line.startsWith(`${key} `))).toMatch(
    new RegExp(`  ${files.replaceAll(/[.]/g, "\\.")}$`),
  );
});

it("says of a sensor that is listed and gone what the scan says of it", async () => {
  const { out } = await run(["sensors"], { sysroot: fixtureRoot("faulty") });
  const gone = out.flatMap((text) => text.split("\n")).filter((line) => line.includes("ENOENT"));
  expect(gone).toEqual([
    expect.stringMatching(
      /^ds18b20At0000000000ccTemperature +– .*\/28-0000000000cc\/temperature: ENOENT$/,
    ),
  ]);
});

it("prints sensors by their keys, with the file that is read", async () => {
  const { out } = await run(["bme280At1x76Temperature"]);
  expect(out[0]).toMatch(
    /^bme280At1x76Temperature {2}22\.47 °C {2}\/sys\/.*\/1-0076\/iio:device0\/in_temp_input$/,
  );
});

it("prints one row for a key that a sensor has taken from the board: the sensor's", async () => {
  using root = temporaryRoot();
  root.write(
    "pipit.toml",
    '[[sensors]]\nid = "bme280@1-0076/temp"\nkey = "cpuTemperature"\nfactor = 2\n',
  );
  for (const names of [[], ["thermal"], ["cpuTemperature"]]) {
    const config = join(root.path, "pipit.toml");
    const { out, err } = await run(names, { config, interval: "100ms" });
    expect(out.filter((line) => line.startsWith("cpuTemperature"))).toEqual([
      expect.stringMatching(/ 44\.94 +°C .*in_temp_input$/),
    ]);
    expect(err.join()).toContain('pipit.toml:3: key "cpuTemperature" is that of');
  }
});

it("takes --count samples, --interval apart", async () => {
  const { out } = await run(["load"], { json: true, count: "2", interval: "100ms" });
  const [first = 0, second = 0] = out.map((line): number => JSON.parse(line).ts);
  expect(out).toHaveLength(2);
  expect(second).toBeGreaterThan(first);
});

it("ends after --count samples with --watch too", async () => {
  const { exit, out } = await run(["load"], { watch: true, count: "2", interval: "100ms" });
  expect(out.filter((line) => line.startsWith("load1 "))).toHaveLength(2);
  expect(exit).toBe(0);
});

it("leaves the agent's own figures to the agent, also where the configuration names one", async () => {
  using root = temporaryRoot();
  const metrics = '[system]\nmetrics = ["agentBuffered", "agent", "load"]\n';
  const config = root.write("pipit.toml", metrics);
  expect((await run([], { config })).out.join("\n")).not.toContain("agent");
});

it("keeps stdout for data with --json: what failed goes to stderr", async () => {
  const { exit, out, err } = await run(["load"], { json: true, sysroot: fixtureRoot("faulty") });
  expect(out.join()).toMatch(/^\{"ts":\d{13},"values":\{\}\}$/);
  expect(err).toEqual(['pipit: load: /proc/loadavg: not load averages: "nan nan nan 1/2 3"']);
  expect(exit).toBe(0);
});

it.each<[readonly string[], OptionValues, string]>([
  [["memroy"], {}, 'did you mean "memory"?'],
  [["agent"], {}, '"agent" is what the running agent knows of itself'],
  [["load", "agentRttMs"], {}, '"agentRttMs" is what the running agent knows of itself'],
  [[], { count: "0" }, "--count 0: needs a whole number"],
  [[], { count: "2.5" }, "--count 2.5: needs a whole number"],
  [[], { interval: "5" }, '--interval 5: needs a number and a unit; write "2s"'],
  [[], { interval: "10ms" }, "--interval 10ms: must be 100ms to 24h"],
])("refuses %j %j as wrong usage", async (names, options, words) => {
  const refusal = run(names, options);
  await expect(refusal).rejects.toBeInstanceOf(UsageError);
  await expect(refusal).rejects.toThrow(words);
});
