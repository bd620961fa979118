import { describe, expect, it } from "vitest";
import { cpu, cpuShares, parseCpuTicks } from "../../../agent/collectors/cpu.ts";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const ticks = (busy: number, idle: number, iowait = 0, steal = 0) =>
  parseCpuTicks(`cpu  ${busy} 0 0 ${idle} ${iowait} 0 0 ${steal} 0 0\n`);

describe("the line of ticks", () => {
  it("counts guest time once: it is already inside user and nice", () => {
    expect(parseCpuTicks("cpu  100 20 30 400 50 6 7 8 90 15\ncpu0 1 2 3\n")).toEqual({
      total: 100 + 20 + 30 + 400 + 50 + 6 + 7 + 8,
      idle: 400,
      iowait: 50,
      steal: 8,
    });
  });

  it.each([
    "",
    "cpu\n",
    "cpu0 1 2 3 4 5 6 7 8 9 10\n",
    "cpu  1 2 3 4 5 6 7\n",
    "cpu  1 2 3 4 5 6 7 8x\n",
    "cpu  1 2 3 -4 5 6 7 8\n",
    "cpu  1 2 3 nan 5 6 7 8\n",
    "cpu  1 2 3 99999999999999999999 5 6 7 8\n",
  ])("refuses %j", (text) => {
    expect(() => parseCpuTicks(text)).toThrow(
      expect.objectContaining({ kind: "sensor", message: expect.stringContaining("/proc/stat") }),
    );
  });
});

describe("the shares between two looks", () => {
  it("count neither idle nor iowait as busy", () => {
    expect(cpuShares(ticks(100, 800, 100), ticks(400, 1_400, 200))).toEqual({
      cpuUsage: 30,
      cpuIowait: 10,
      cpuSteal: 0,
    });
  });

  it("show what the hypervisor took as busy and as steal", () => {
    const shares = cpuShares(ticks(0, 0), ticks(0, 150, 0, 50));
    expect(shares).toEqual({ cpuUsage: 25, cpuIowait: 0, cpuSteal: 25 });
  });

  it("stay within 0 and 100 when a counter steps back a little", () => {
    expect(cpuShares(ticks(100, 100, 50), ticks(200, 110, 40))).toEqual({
      cpuUsage: 100,
      cpuIowait: 0,
      cpuSteal: 0,
    });
    const idleAhead = cpuShares({ ...ticks(5, 100), total: 100 }, { ...ticks(4, 201), total: 200 });
    expect(idleAhead).toMatchObject({ cpuUsage: 0 });
  });

  it("are absent when no time passed or it ran backwards", () => {
    expect(cpuShares(ticks(1, 2), ticks(1, 2))).toEqual({});
    expect(cpuShares(ticks(10, 20), ticks(1, 2))).toEqual({});
  });
});

describe("the collector", () => {
  it("has no value on the first look and the mean since then on the second", async () => {
    const host = fixtureHost("rates-0", "rates-1");
    const collect = cpu.open(host, defaultCollectorSettings, noDevices);
    expect(await lookAt(collect, 0)).toEqual({});
    host.next();
    expect(await lookAt(collect, 10_000)).toEqual({ cpuUsage: 15, cpuIowait: 5, cpuSteal: 2 });
  });

  it("keeps a baseline for each reader", async () => {
    const host = fixtureHost("rates-0", "rates-1");
    const early = cpu.open(host, defaultCollectorSettings, noDevices);
    await lookAt(early, 0);
    host.next();
    const late = cpu.open(host, defaultCollectorSettings, noDevices);
    expect(await lookAt(late, 10_000)).toEqual({});
    expect(await lookAt(early, 10_000)).toMatchObject({ cpuUsage: 15 });
  });
});
