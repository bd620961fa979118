import { describe, expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { parseWireless, wifi } from "../../../agent/collectors/wifi.ts";
import type { Host } from "../../../agent/ports.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const header = "Inter-| sta-|   Quality\n face | tus | link level noise\n";
const line = (name: string, level: string) =>
  ` ${name}: 0000   58.  ${level}  -256        0      0      0      3      0        0`;
const signalOf = (text: string, settings = defaultCollectorSettings) => {
  const host: Host = { ...fixtureHost("x64"), readFile: async () => text };
  return lookAt(wifi.open(host, settings, noDevices), 0);
};

it.each([
  ["pi4", { wifiSignal: -52 }],
  ["zero2w", { wifiSignal: -66 }],
  ["pi5", null],
] as const)("the %s has %j", async (board, readings) => {
  const collect = wifi.open(fixtureHost(board), defaultCollectorSettings, noDevices);
  expect(await lookAt(collect, 0)).toEqual(readings);
});

describe("the signal", () => {
  it("is absent where the driver gives a quality of its own, or knows nothing", async () => {
    expect(await signalOf(header + line("wlan0", "37."))).toEqual({});
    expect(await signalOf(header + line("wlan0", "0"))).toEqual({});
    expect(await signalOf(header + line("wlan0", "-256"))).toEqual({});
  });

  it("is no subject of a machine whose adapter was pulled out", async () => {
    expect(await signalOf(header.trimEnd())).toBeNull();
  });

  it("is that of the first interface that has one", async () => {
    const text = `${header}${line("wlan0", "0.")}\n${line("wlan1", "-71.")}`;
    expect(await signalOf(text)).toEqual({ wifiSignal: -71 });
  });

  it("is that of the configured interfaces where some are configured", async () => {
    const text = `${header}${line("wlan0", "-40.")}\n${line("wlan1", "-71.")}`;
    const settings = { ...defaultCollectorSettings, networkInterfaces: ["eth0", "wlan1"] };
    expect(await signalOf(text, settings)).toEqual({ wifiSignal: -71 });
  });
});

it.each(["wlan0 0000 58. -52.", "wlan0: 0000 58.", line("wlan0", "x"), line("wlan0", "nan"), "\0"])(
  "the table refuses %j",
  (broken) => {
    expect(() => parseWireless(header + broken)).toThrow(
      expect.objectContaining({
        kind: "sensor",
        message: expect.stringContaining("/proc/net/wireless"),
      }),
    );
  },
);
