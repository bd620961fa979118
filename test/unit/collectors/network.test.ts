import { describe, expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { network, parseTraffic, trafficRates } from "../../../agent/collectors/network.ts";
import type { Host } from "../../../agent/ports.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const header = "Inter-|   Receive\n face |bytes\n";
const line = (name: string, rx: number, tx: number) =>
  `${name}:${rx} 1 0 0 0 0 0 0 ${tx} 1 0 0 0 0 0 0\n`;
const dev = (...lines: readonly string[]) => `${header}${lines.join("")}`.trimEnd();

/** A host whose /proc/net/dev the test writes; `physical` have a device behind them. */
const hostOf = (text: { now: string }, physical: readonly string[]): Host => ({
  ...fixtureHost("x64"),
  readFile: async () => text.now,
  realPath: async (path) => {
    if (physical.some((name) => path === `/sys/class/net/${name}/device`)) return path;
    throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
  },
});

describe("the table of counters", () => {
  it("gives received and sent bytes, also where no space follows the name", () => {
    const text = `${header}    lo:    3193      29    0    0    0     0          0         0     3194      29    0    0    0     0       0          0\n  eth0:123 1 0 0 0 0 0 0 456 1 0 0 0 0 0 0`;
    expect([...parseTraffic(text)]).toEqual([
      ["lo", { rx: 3193, tx: 3194 }],
      ["eth0", { rx: 123, tx: 456 }],
    ]);
  });

  it("may be empty: a container without a network", () => {
    expect(parseTraffic(header.trimEnd()).size).toBe(0);
  });

  it.each([
    "eth0 1 2 3",
    "eth0: 1 2 3",
    "eth0: x 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0",
    "eth0: -1 1 0 0 0 0 0 0 4",
  ])("refuses %j", (broken) => {
    expect(() => parseTraffic(`${header}${broken}`)).toThrow(
      expect.objectContaining({
        kind: "sensor",
        message: expect.stringContaining("/proc/net/dev"),
      }),
    );
  });
});

describe("the rates", () => {
  it("sum the interfaces that grew; a reset, a wrap and a newcomer give nothing for this beat", async () => {
    const host = fixtureHost("rates-0", "rates-1");
    const collect = network.open(host, defaultCollectorSettings, noDevices);
    expect(await lookAt(collect, 0)).toEqual({});
    host.next();
    // eth0 received 50000 and sent 10000 bytes in 10 s; eth1 wrapped on the way in and sent 2000
    expect(await lookAt(collect, 10_000)).toEqual({ networkRxBps: 5_000, networkTxBps: 1_200 });
  });

  it("are absent, not zero, when no interface has one", () => {
    const before = parseTraffic(dev(line("eth0", 500, 500)));
    const now = parseTraffic(dev(line("eth0", 10, 10)));
    expect(trafficRates(before, now, ["eth0"], 1_000)).toEqual({});
  });

  it("start anew after a stall", async () => {
    const text = { now: dev(line("eth0", 0, 0)) };
    const collect = network.open(hostOf(text, ["eth0"]), defaultCollectorSettings, noDevices);
    await lookAt(collect, 0);
    expect(await lookAt(collect, 1_000)).toEqual({ networkRxBps: 0, networkTxBps: 0 });
    text.now = dev(line("eth0", 9_000, 9_000));
    expect(await lookAt(collect, 10_000)).toEqual({});
    text.now = dev(line("eth0", 9_100, 9_200));
    expect(await lookAt(collect, 11_000)).toEqual({ networkRxBps: 100, networkTxBps: 200 });
  });
});

describe("the interfaces", () => {
  const rates = async (host: Host, text: { now: string }, settings = defaultCollectorSettings) => {
    const collect = network.open(host, settings, noDevices);
    text.now = dev(line("lo", 0, 0), line("eth0", 0, 0), line("docker0", 0, 0));
    await lookAt(collect, 0);
    text.now = dev(line("lo", 1, 1), line("eth0", 10, 10), line("docker0", 100, 100));
    return lookAt(collect, 1_000);
  };

  it("are those with a device: neither lo nor a bridge", async () => {
    const text = { now: "" };
    expect(await rates(hostOf(text, ["eth0"]), text)).toMatchObject({ networkRxBps: 10 });
  });

  it("are all but lo where none has a device", async () => {
    const text = { now: "" };
    expect(await rates(hostOf(text, []), text)).toMatchObject({ networkRxBps: 110 });
  });

  it("are the configured ones where some are configured", async () => {
    const text = { now: "" };
    const settings = { ...defaultCollectorSettings, networkInterfaces: ["docker0", "wlan7"] };
    expect(await rates(hostOf(text, ["eth0"]), text, settings)).toMatchObject({
      networkRxBps: 100,
    });
  });

  it("do not become the bridges when the only adapter is pulled out", async () => {
    const text = { now: dev(line("eth0", 0, 0), line("docker0", 0, 0)) };
    const collect = network.open(hostOf(text, ["eth0"]), defaultCollectorSettings, noDevices);
    await lookAt(collect, 0);
    text.now = dev(line("docker0", 50, 50));
    expect(await lookAt(collect, 1_000)).toBeNull();
  });

  it("are a subject that a machine without any does not have", async () => {
    const text = { now: dev(line("lo", 0, 0)) };
    expect(
      await lookAt(network.open(hostOf(text, []), defaultCollectorSettings, noDevices), 0),
    ).toBeNull();
  });

  it("are an error when it cannot be told which are physical", async () => {
    const host = failingAt(fixtureHost("pi4"), "/sys/class/net/wlan0/device", "EACCES");
    await expect(
      lookAt(network.open(host, defaultCollectorSettings, noDevices), 0),
    ).rejects.toMatchObject({
      kind: "sensor",
      message: "/sys/class/net/wlan0/device: EACCES",
    });
  });
});
