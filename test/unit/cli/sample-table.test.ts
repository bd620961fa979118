import { expect, it } from "vitest";
import { sampleTable } from "../../../agent/cli/sample-table.ts";
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
const sample = { ts: 1, readings: {}, tookMs: 1.84 };

it("aligns names, numbers, units and where each value comes from", () => {
  const readings = {
    cpuUsage: 7.4,
    load1: 0.52,
    memoryAvailableMb: 2744.517,
    uptime: 86_417,
    piUnderVoltage: false,
  };
  expect(sampleTable({ ...sample, looks: [look("board", readings)] }).split("\n")).toEqual([
    "cpuUsage             7.4 %   /proc/stat",
    "load1               0.52     /proc/loadavg",
    "memoryAvailableMb   2745 MB  /proc/meminfo",
    "uptime             86417 s   /proc/uptime",
    "piUnderVoltage     false     /sys/class/hwmon/hwmon*/in0_lcrit_alarm",
    "5 readings, 5 ok, 0 failed, 1.8 ms",
  ]);
});

it("shows each reading of a failed source with the error and the way out", () => {
  const { load1, uptime } = specs;
  if (!load1 || !uptime) throw new Error("no specs");
  const error = new AgentError("sensor", "/proc/uptime: EACCES", { hint: "ls -l /proc/uptime" });
  const looks = [look("load", { load1: 1 }, { load1 }), look("uptime", error, { uptime })];
  expect(sampleTable({ ...sample, looks }).split("\n")).toEqual([
    "load1   1.00   /proc/loadavg",
    "uptime     –   /proc/uptime: EACCES; ls -l /proc/uptime",
    "2 readings, 1 ok, 1 failed, 1.8 ms",
  ]);
});

it("shows keys that nobody knew before under the name of their source", () => {
  const looks = [look("exec ups", { charge: 97, mode: "eco" }, {})];
  expect(
    sampleTable({ ...sample, looks })
      .split("\n")
      .slice(0, 2),
  ).toEqual(["charge  97.00   exec ups", "mode      eco   exec ups"]);
});

it("says so when nothing could be read", () => {
  expect(sampleTable({ ...sample, looks: [look("pi", null)] })).toBe(
    "0 readings, 0 ok, 0 failed, 1.8 ms",
  );
});
