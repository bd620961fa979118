import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createAttributeReporter } from "../../agent/device/attribute-reporter.ts";
import { createAttributeSource } from "../../agent/device/attributes.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { eventLine } from "../../agent/sandbox/event-line.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import { fixtureHost } from "../support/fixtures.ts";
import { realClient } from "../support/real-client.ts";
import { recordingLog } from "../support/recording-log.ts";
import { virtualClock } from "../support/virtual-clock.ts";

it("the server stores what the board reported, and the sandbox shows it", async () => {
  const lines: string[] = [];
  const server = await startSandbox({
    httpPort: null,
    seed: 1,
    onEvent: (event) => void lines.push(eventLine(event)),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const token = server.preprovision("board", "boardToken");
  const about = {
    version: "0.1.0",
    architecture: "arm64",
    timezone: "Europe/Berlin",
    addresses: () => [{ name: "wlan0", address: "192.168.1.23", mac: "dc:a6:32:ab:cd:02" }],
  };
  const run = {
    configHash: "3f2a-91c0",
    storageMode: () => "memory",
    lastStop: "stop",
    outageCause: () => null,
  } as const;
  const reporter = createAttributeReporter({
    gather: createAttributeSource({
      host: fixtureHost("pi4"),
      clock: virtualClock(),
      about,
      run,
      timeline: { source: "synchronised" },
    }),
    inventory: { read: async () => ({ boardRevision: "c03115", diskSizeGb: 32 }) },
    withheld: [],
    api: createDeviceApi({ transport: realClient(server.port).client }),
    clock: systemClock,
    random: systemRandom,
    log: recordingLog(),
  });
  await reporter.afterDelivery({ accessToken: token }, new AbortController().signal);

  const golden = join(import.meta.dirname, "../golden/attributes-pi4.json");
  expect(server.state().devices["board"]?.attributes.client).toEqual({
    ...JSON.parse(readFileSync(golden, "utf8")),
    boardRevision: "c03115",
    diskSizeGb: 32,
  });
  expect(lines.map((line) => line.slice(10))).toEqual([
    "POST attributes    22 values    2.01  agentVersion=0.1.0 hardwareModel=Raspberry Pi 4 Model B … hardwareId=10000000abcdef01 …",
    "POST attributes    2 values     2.01  boardRevision=c03115 diskSizeGb=32",
  ]);
});
