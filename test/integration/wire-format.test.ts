import { join } from "node:path";
import { expect, it } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import type { ChannelEvents, Network } from "../../agent/ports.ts";
import { packBatch } from "../../agent/telemetry/batch.ts";
import { createDeviceApi, type DeviceApi } from "../../agent/thingsboard/device-api.ts";
import { documentReadings } from "../support/document-readings.ts";
import { recordingLog } from "../support/recording-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const golden = (name: string) => join(import.meta.dirname, "../golden", name);

/** The very bytes that leave for one call, and the same bytes to read. */
async function datagramOf(call: (api: DeviceApi, signal: AbortSignal) => Promise<unknown>) {
  const clock = virtualClock();
  const sent: Uint8Array[] = [];
  const network: Network = {
    resolve: async (host) => [host],
    connect: async (_address, _events: ChannelEvents) => ({
      send: (datagram) => void sent.push(datagram.slice()),
      [Symbol.dispose]() {},
    }),
  };
  const server = { host: "127.0.0.1", port: 5683 };
  const random = seededRandom(7);
  await using transport = createCoapClient({ network, clock, random, server, log: recordingLog() });
  const stop = new AbortController();
  const outcome = call(createDeviceApi({ transport }), stop.signal).catch(
    (error: unknown) => error,
  );
  await clock.settle();
  stop.abort(new Error("seen enough"));
  await clock.settle();
  await outcome;
  const [first] = sent;
  return first ?? expect.fail("nothing was sent");
}

function readable(datagram: Uint8Array): string {
  const bytes = Buffer.from(datagram);
  const marker = bytes.indexOf(0xff);
  return `${hex(bytes.subarray(0, marker))} ff\n${bytes.subarray(marker + 1).toString("utf8")}\n`;
}

/** "48 02 0f" */
const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes).toString("hex").replaceAll(/../g, "$& ").trimEnd();

it("a provisioning request on the wire has the fields of ThingsBoard's provisioning document", async () => {
  const request = {
    deviceName: "DEVICE_NAME",
    provisionDeviceKey: "PUT_PROVISION_KEY_HERE",
    provisionDeviceSecret: "PUT_PROVISION_SECRET_HERE",
    login: { accessToken: "DEVICE_ACCESS_TOKEN" },
  };
  const sent = await datagramOf((api, signal) => api.provision(request, signal));
  await expect(readable(sent)).toMatchFileSnapshot(golden("provision-request.txt"));
});

it("a telemetry request on the wire carries string, boolean, double, long and JSON, with a ts of our own", async () => {
  const { payload } = packBatch(
    [{ id: 1, ts: 1_795_341_600_000, readings: documentReadings }],
    { maxBytes: 1_024, maxEntries: 1, maxPoints: 100 },
    { precision: 3, isDecimal: (key) => key === "doubleKey" },
  );
  const bytes = payload ?? expect.fail("nothing to send");
  const sent = await datagramOf((api, signal) =>
    api.publishTelemetry({ accessToken: "DEVICE_ACCESS_TOKEN" }, bytes, signal),
  );
  await expect(readable(sent)).toMatchFileSnapshot(golden("telemetry-request.txt"));
});

it("a token probe asks for one attribute and sends no body", async () => {
  const probe = await datagramOf((api, signal) =>
    api.isKnown({ accessToken: "DEVICE_ACCESS_TOKEN" }, signal),
  );
  await expect(`${hex(probe)}\n`).toMatchFileSnapshot(golden("token-probe.txt"));
});
