import { expect, it } from "vitest";
import { sampleTable } from "../../../agent/cli/sample-table.ts";
import { collectors } from "../../../agent/collectors/index.ts";
import { selectCollectors } from "../../../agent/collectors/select.ts";
import { AgentError } from "../../../agent/errors.ts";

const selection = selectCollectors(collectors, ["cpu", "load", "memory", "network", "uptime"]);
const sample = { ts: 1, tookMs: 1.84, failures: new Map(), readings: {} };

it("aligns names, numbers and units, in the order of the collectors", () => {
  const readings = {
    uptime: 86_417,
    cpuUsage: 7.4,
    cpuTemperature: 48.199,
    load1: 0.52,
    memoryUsage: 31,
    memoryAvailableMb: 2744.517,
    networkRxBps: 1_234_567.8,
  };
  expect(sampleTable({ ...sample, readings }, selection).split("\n")).toEqual([
    "cpuUsage               7.4 %",
    "cpuTemperature        48.2 °C",
    "load1                 0.52",
    "memoryUsage           31.0 %",
    "memoryAvailableMb     2745 MB",
    "networkRxBps       1234568 bytes/s",
    "uptime               86417 s",
    "7 readings, 7 ok, 0 failed, 1.8 ms",
  ]);
});

it("shows each reading of a failed collector with the error and the way out", () => {
  const memory = collectors.find(({ name }) => name === "memory");
  if (!memory) throw new Error("no memory collector");
  const error = new AgentError("sensor", "/proc/meminfo: EACCES", { hint: "ls -l /proc/meminfo" });
  const failures = new Map([[memory, error]]);
  expect(
    sampleTable({ ...sample, failures, readings: { load1: 1 } }, selection).split("\n"),
  ).toEqual([
    "load1              1.00",
    "memoryUsage           –       /proc/meminfo: EACCES; ls -l /proc/meminfo",
    "memoryAvailableMb     –       /proc/meminfo: EACCES; ls -l /proc/meminfo",
    "3 readings, 1 ok, 2 failed, 1.8 ms",
  ]);
});

it("says so when nothing could be read", () => {
  expect(sampleTable(sample, selection)).toBe("0 readings, 0 ok, 0 failed, 1.8 ms");
});
