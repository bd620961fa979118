import { expect, it } from "vitest";
import { sampleTable } from "../../../agent/cli/sample-table.ts";
import type { SourceLook } from "../../../agent/cli/take-samples.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Readings } from "../../../agent/ports.ts";
import type { ReadingSpec } from "../../../agent/source.ts";
import { aSource } from "../../support/a-source.ts";

const specs: Readonly<Record<string, ReadingSpec>> = {
  cpuUsage: { unit: "%", source: "/proc/stat" },
  load1: { unit: "", source: "/proc/loadavg" },
  memoryAvailableMb: { unit: "MB", source: "/proc/meminfo" },
  uptime: { unit: "s", source: "/proc/uptime", whole: true },
  piUnderVoltage: { unit: "", source: "/sys/class/hwmon/hwmon*/in0_lcrit_alarm" },
};

const look = (name: string, outcome: Readings | AgentError | null, keys = specs) => ({
  source: aSource({ name, collect: async () => null, keys }),
  outcome,
});
const table = (looks: readonly SourceLook[]) =>
  sampleTable(
    { ts: 1, readings: {}, tookMs: 1.84, looks },
    { precision: 3, isDecimal: (key) => key !== "uptime" },
  ).split("\n");

it("aligns names, numbers, units and where each value comes from", () => {
  const readings = {
    cpuUsage: 7.4,
    load1: 0.52,
    memoryAvailableMb: 2744.517,
    uptime: 86_417,
    piUnderVoltage: false,
  };
  expect(table([look("board", readings)])).toEqual([
    "cpuUsage               7.4   %   /proc/stat",
    "load1                  0.52      /proc/loadavg",
    "memoryAvailableMb   2744.517 MB  /proc/meminfo",
    "uptime             86417     s   /proc/uptime",
    "piUnderVoltage         false     /sys/class/hwmon/hwmon*/in0_lcrit_alarm",
    "5 readings, 5 ok, 0 failed, 1.8 ms",
  ]);
});

it("shows each reading of a failed source with the error and the way out", () => {
  const { load1, uptime } = specs;
  if (!load1 || !uptime) throw new Error("no specs");
  const error = new AgentError("sensor", "/proc/uptime: EACCES", { hint: "ls -l /proc/uptime" });
  const looks = [look("load", { load1: 1 }, { load1 }), look("uptime", error, { uptime })];
  expect(table(looks)).toEqual([
    "load1   1.0   /proc/loadavg",
    "uptime    –   /proc/uptime: EACCES; ls -l /proc/uptime",
    "2 readings, 1 ok, 1 failed, 1.8 ms",
  ]);
});

it("shows keys that nobody knew before under the name of their source", () => {
  const looks = [look("exec ups", { charge: 97, mode: "eco" }, {})];
  expect(table(looks).slice(0, 2)).toEqual(["charge  97.0   exec ups", "mode     eco   exec ups"]);
});

it("shows small values and large ones as they are sent, and says why one is not", () => {
  const readings = {
    in0: 0.012,
    flow: -0.000_4,
    bytes: 12_345_678,
    serial: "0012",
    huge: 2 ** 70,
  };
  expect(table([look("exec ups", readings, {})]).slice(0, -1)).toEqual([
    "in0            0.012   exec ups",
    "flow           0.0     exec ups",
    "bytes   12345678.0     exec ups",
    "serial         v0012   exec ups",
    "huge               –   not sent: beyond 64 bits, stored as a string",
  ]);
});

it("says so when nothing could be read", () => {
  expect(table([look("pi", null)])).toEqual(["0 readings, 0 ok, 0 failed, 1.8 ms"]);
});
