import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createAttributeSource } from "../../../agent/device/attributes.ts";
import type { About, Host, InterfaceAddress } from "../../../agent/ports.ts";
import type { TimeSource } from "../../../agent/telemetry/trust.ts";
import { encodeAttributes } from "../../../agent/thingsboard/attributes.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const wlan0: readonly InterfaceAddress[] = [
  { name: "wlan0", address: "192.168.1.23", mac: "dc:a6:32:ab:cd:02" },
  { name: "wlan0", address: "fe80::dea6:32ff:feab:cd02", mac: "dc:a6:32:ab:cd:02" },
];

function sourceOn(host: Host, overrides: Partial<About> = {}) {
  const clock = virtualClock();
  const about: About = {
    version: "0.1.0",
    architecture: "arm64",
    timezone: "Europe/Berlin",
    addresses: () => [],
    ...overrides,
  };
  const run = {
    configHash: "3f2a-91c0",
    storageMode: () => "memory",
    lastStop: "stop",
    outageCause: () => null,
  } as const;
  const timeline: { source: TimeSource | null } = { source: "synchronised" };
  const gather = createAttributeSource({ host, clock, about, run, timeline });
  return { clock, timeline, gather };
}

it.each<[FixtureName, Partial<About>]>([
  ["pi3", { architecture: "arm" }],
  ["pi4", { addresses: () => wlan0 }],
  ["pi5", {}],
  ["zero2w", {}],
  ["x64", { architecture: "amd64", timezone: "Etc/UTC" }],
])("the board %s reports test/golden/attributes-$0.json", async (name, overrides) => {
  const { payload } = encodeAttributes(await sourceOn(fixtureHost(name), overrides).gather());
  const sent: unknown = JSON.parse(new TextDecoder().decode(payload ?? new Uint8Array()));
  const golden = join(import.meta.dirname, `../../golden/attributes-${name}.json`);
  expect(`${JSON.stringify(sent, null, 2)}\n`).toBe(readFileSync(golden, "utf8"));
});

it("leaves out what cannot be read, and keeps the rest", async () => {
  const broken = failingAt(
    failingAt(fixtureHost("pi4"), "/sys/block/mmcblk0/device/serial", "EIO"),
    "/etc/os-release",
    "EACCES",
  );
  const found = await sourceOn(broken).gather();
  expect(found).toMatchObject({ hostname: "raspberrypi", sdName: "SC32G" });
  expect(found).not.toHaveProperty("sdSerial");
  expect(found).not.toHaveProperty("osName");
});

it("knows nothing but itself on a machine that shows no file", async () => {
  const missing = () => Promise.reject(Object.assign(new Error("ENOENT"), { code: "ENOENT" }));
  const host = { readFile: missing, readDir: missing, realPath: missing, statfs: missing };
  expect(Object.keys(await sourceOn(host).gather())).toEqual([
    "agentVersion",
    "architecture",
    "timezone",
    "configHash",
    "storageMode",
    "timeSource",
    "lastStop",
  ]);
});

it("says when the board booted, and why its clock is believed, only while it is; and sticks to it", async () => {
  const { clock, timeline, gather } = sourceOn(fixtureHost("pi4", "pi4-later"));
  timeline.source = null;
  const doubted = await gather();
  expect(doubted).not.toHaveProperty("bootTime");
  expect(doubted).not.toHaveProperty("timeSource");
  timeline.source = "unsynchronised";
  const { bootTime, timeSource } = await gather();
  expect(timeSource).toBe("unsynchronised");
  expect(bootTime).toBe(1_795_341_600_000 - 86_357_000);
  clock.stepWall(900); // slewed by NTP
  expect(await gather()).toMatchObject({ bootTime });
  clock.stepWall(3_600_000); // corrected: it was an hour wrong
  expect(await gather()).toMatchObject({ bootTime: Number(bootTime) + 3_601_000 });
});

it("reads the card anew each time: it may have been swapped", async () => {
  const host = fixtureHost("pi4", "pi5");
  const { gather } = sourceOn(host);
  expect(await gather()).toMatchObject({ sdSerial: "0x1a2b3c4d", sdDate: "06/2023" });
  host.next();
  expect(await gather()).not.toHaveProperty("sdSerial");
});

it("has a line in docs/attributes.md for each of them", async () => {
  const manual = readFileSync(join(import.meta.dirname, "../../../docs/attributes.md"), "utf8");
  const { gather } = sourceOn(fixtureHost("pi4"), { addresses: () => wlan0 });
  for (const name of Object.keys(await gather())) expect(manual).toContain(`\n| \`${name}\` |`);
});
