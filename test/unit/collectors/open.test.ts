import { describe, expect, it } from "vitest";
import { openCollectors } from "../../../agent/collectors/open.ts";
import { acceptAll, LOOK_DEADLINE_MS } from "../../../agent/source.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const open = (
  metrics: readonly string[],
  intervals: Readonly<Record<string, number>> = {},
  host = fixtureHost("pi4"),
  devices = noDevices,
) => {
  const system = { metrics, disk_paths: ["/", "/mnt/usb"], network_interfaces: [] };
  return openCollectors(host, { system, intervals, taken: new Set() }, devices);
};
/** Name, interval and keys of each source. */
const lanes = (...args: Parameters<typeof open>) =>
  open(...args).map(({ name, intervalMs, keys }) => [name, intervalMs, Object.keys(keys)]);

describe("the sources", () => {
  it("are one for each collector that has a key to send", () => {
    expect(lanes(["load", "cpuTemperature"])).toEqual([
      ["thermal", null, ["cpuTemperature"]],
      ["load", null, ["load1"]],
    ]);
  });

  it("are looked at with all others, within 2 s, and nothing is held back", () => {
    const [source] = open(["load"]);
    expect(source).toMatchObject({
      schedule: null,
      group: null,
      deadlineMs: LOOK_DEADLINE_MS,
      rule: acceptAll,
    });
    expect(source?.keys["load1"]).toMatchObject({ unit: "", source: "/proc/loadavg" });
  });

  it("give the chosen keys alone", async () => {
    const [source] = open(["load15"]);
    expect(source && (await lookAt(source.collect, 0))).toEqual({ load15: 0.59 });
  });

  it("give nothing where the machine has no such thing", async () => {
    const [source] = open(["wifi"], {}, fixtureHost("x64"));
    expect(source && (await lookAt(source.collect, 0))).toBeNull();
  });
});

describe("intervals", () => {
  it("part the keys of one collector", () => {
    expect(lanes(["load", "load5", "load15"], { load1: 1_000, load15: 60_000 })).toEqual([
      ["load", 1_000, ["load1"]],
      ["load", null, ["load5"]],
      ["load", 60_000, ["load15"]],
    ]);
  });

  it("of a key count before those of its group, and keys of one interval stay together", () => {
    const intervals = { disk: 300_000, diskFreeGb: 60_000, inodeUsage: 3_600_000 };
    expect(lanes(["disk", "inodeUsage"], intervals)).toEqual([
      ["disk", 300_000, ["diskUsage"]],
      ["disk", 60_000, ["diskFreeGb"]],
      ["disk", 3_600_000, ["inodeUsage"]],
      ["usbDisk", 300_000, ["usbDiskUsage"]],
      ["usbDisk", 60_000, ["usbDiskFreeGb"]],
      ["usbDisk", 3_600_000, ["usbInodeUsage"]],
    ]);
    expect(lanes(["memory"], { memory: 5_000 })).toEqual([
      ["memory", 5_000, ["memoryUsage", "memoryAvailableMb"]],
    ]);
  });

  it("of one mount point count before those of all", () => {
    const intervals = { diskUsage: 60_000, usbDiskUsage: 5_000 };
    expect(lanes(["diskUsage"], intervals)).toEqual([
      ["disk", 60_000, ["diskUsage"]],
      ["usbDisk", 5_000, ["usbDiskUsage"]],
    ]);
  });

  it("of a group reach no key that merely ends like it", () => {
    expect(lanes(["pressureCpu"], { cpu: 1_000 })).toEqual([["pressure", null, ["pressureCpu"]]]);
  });

  it("give each part a baseline of its own", async () => {
    const host = fixtureHost("rates-0", "rates-1");
    const [usage, iowait] = open(["cpuUsage", "cpuIowait"], { cpuUsage: 1_000 }, host);
    if (!usage || !iowait) throw new Error("two sources expected");
    expect(await lookAt(usage.collect, 0)).toEqual({});
    host.next();
    expect(await lookAt(usage.collect, 10_000)).toEqual({ cpuUsage: 15 });
    expect(await lookAt(iowait.collect, 10_000)).toEqual({});
  });

  it("do not let one part take the event of another", async () => {
    const reports = [true, false].map((on) => ({ underVoltage: on, throttled: on, events: 1 }));
    const throttle = { take: async () => reports.shift() ?? null, files: () => [] };
    const devices = { ...noDevices, throttle };
    const [fast, slow] = open(
      ["piThrottled", "piUnderVoltage"],
      { piThrottled: 1_000 },
      undefined,
      devices,
    );
    expect(fast && (await lookAt(fast.collect, 0))).toEqual({ piThrottled: true });
    expect(slow && (await lookAt(slow.collect, 0))).toEqual({ piUnderVoltage: true });
  });
});
