import { createCoapClient } from "../../agent/coap/client.ts";
import type { CoapSettings } from "../../agent/coap/settings.ts";
import { runDevice } from "../../agent/device/device.ts";
import { createProvisioner } from "../../agent/device/provisioner.ts";
import { keptSecret } from "../../agent/platform/erase-secret.ts";
import { noCertificates } from "../../agent/platform/no-certificates.ts";
import type { Journal, Readings, RefusedSample } from "../../agent/ports.ts";
import { createOutbox } from "../../agent/telemetry/outbox.ts";
import { createPublisher, DRAIN_PLACES } from "../../agent/telemetry/publisher.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import { createVitals } from "../../agent/vitals.ts";
import { datedTimeline, takenAt } from "./a-journal.ts";
import { memoryIdentity } from "./memory-identity.ts";
import { memoryNetwork } from "./memory-network.ts";
import { noSituation } from "./no-status.ts";
import { recordingLog } from "./recording-log.ts";
import type { seededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface PublishingOptions {
  readonly clock: VirtualClock;
  readonly random: ReturnType<typeof seededRandom>;
  readonly journal: Journal;
  readonly intervalMs: number;
  readonly roundTripMs: number;
  readonly maxPerSecond?: number;
  readonly coap?: Partial<CoapSettings>;
}

/** A provisioned device from its outbox to the wire, on virtual time: the lifecycle, the publisher, the CoAP client. */
export function publishingRig(options: PublishingOptions) {
  const { clock, random, journal, intervalMs, roundTripMs } = options;
  // A week has a line of debug for each of its messages.
  const log = Object.assign(recordingLog(), { debug() {} });
  const faults = { delayMs: roundTripMs / 2 };
  const network = memoryNetwork({ clock, random, faults });
  const server = { host: "192.0.2.1", port: 5683 };
  const settings = { nstart: DRAIN_PLACES + 1, ...options.coap };
  const transport = createCoapClient({ network, clock, random, server, settings, log });
  const api = createDeviceApi({ transport });
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  const aside: RefusedSample[] = [];
  const publisher = createPublisher({
    onServerFault() {},
    ...{ api, outbox, clock, random, log, intervalMs },
    serialise: { precision: 3, isDecimal: () => false },
    maxPerSecond: options.maxPerSecond ?? null,
    aside: { keep: (refused) => void aside.push(refused) },
  });
  const active = { server: "tb", fingerprint: null, deviceName: "dev", accessToken: "token" };
  const vitals = createVitals(clock);
  const deps = {
    ...{ publisher, outbox, clock, random, vitals, log },
    provisioner: createProvisioner({
      ...{ api, random, log, server: "tb", deviceName: "dev", key: null, secret: null },
      provisionSecret: keptSecret,
      store: memoryIdentity({ claim: null, active, kept: [] }).store,
      board: { model: null, serial: null, macs: [], machineId: null, hostname: null },
      certificates: noCertificates,
      credentialsType: "access_token",
      onHardwareChange: "reprovision",
      showsCertificates: true,
    }),
    attributes: { afterDelivery: async () => {} },
    situation: noSituation,
    services: { ready() {}, status() {}, watchdogMs: null, watchdog() {}, stopping() {} },
    onRevoked: "wait" as const,
    splayMs: { provisioning: 0, telemetry: 0 },
  };
  const stop = new AbortController();
  const ended = runDevice(deps, stop.signal).catch((error: unknown) => error);
  return {
    ...{ network, server, transport, outbox, aside, log, vitals },
    /** Takes a sample now; the clock must not stand still between two of them. */
    accept: (readings: Readings) => outbox.accept({ taken: takenAt(clock.now()), readings }),
    states: () => log.lines.map(({ event }) => event).filter((event) => event.includes("->")),
    /** What the device loop ended with. */
    async end(): Promise<unknown> {
      stop.abort(new Error("stopped"));
      await transport[Symbol.asyncDispose]();
      await clock.settle();
      return ended;
    },
  };
}
