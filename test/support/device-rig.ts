import type { Board } from "../../agent/device/board.ts";
import { type DeviceDeps, runDevice } from "../../agent/device/device.ts";
import { createProvisioner, type ProvisionerDeps } from "../../agent/device/provisioner.ts";
import { keptSecret } from "../../agent/platform/erase-secret.ts";
import { noCertificates } from "../../agent/platform/no-certificates.ts";
import type { IdentityStore, Journal, Random } from "../../agent/ports.ts";
import { createOutbox } from "../../agent/telemetry/outbox.ts";
import { createPublisher } from "../../agent/telemetry/publisher.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import { createVitals } from "../../agent/vitals.ts";
import { aJournal, datedTimeline, plainPace, takenAt } from "./a-journal.ts";
import { noSituation } from "./no-status.ts";
import { recordingLog } from "./recording-log.ts";
import type { ThingsBoard } from "./thingsboard.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export const aBoard: Board = {
  model: null,
  serial: "1",
  macs: [],
  machineId: null,
  hostname: null,
};

export interface RigOptions extends Partial<Pick<DeviceDeps, "onRevoked">> {
  readonly clock: VirtualClock;
  readonly server: ThingsBoard;
  readonly store: IdentityStore;
  readonly random: Random;
  readonly journal?: Journal;
  readonly provisioning?: Partial<ProvisionerDeps>;
}

/** One run of the agent's core, from the outbox to the requests, on virtual time: what lies on the disk is the test's. */
export function startCore(options: RigOptions) {
  const { clock, server, store, random, journal = aJournal(clock) } = options;
  const log = recordingLog();
  const api = createDeviceApi(server);
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  const serialise = { precision: 3, isDecimal: () => false };
  const provisioner = createProvisioner({
    api,
    store,
    certificates: noCertificates,
    credentialsType: "access_token",
    random,
    board: aBoard,
    server: "tb",
    deviceName: "board-1",
    key: "sandbox-key",
    secret: "sandbox-secret",
    provisionSecret: keptSecret,
    onHardwareChange: "reprovision",
    showsCertificates: true,
    log,
    ...options.provisioning,
  });
  const statuses: string[] = [];
  const stop = new AbortController();
  const ended = runDevice(
    {
      provisioner,
      publisher: createPublisher({ ...plainPace, api, outbox, serialise, clock, random, log }),
      outbox,
      attributes: { afterDelivery: async () => {} },
      situation: noSituation,
      clock,
      random,
      vitals: createVitals(clock),
      services: {
        ready() {},
        status: (text) => void statuses.push(text),
        watchdogMs: null,
        watchdog() {},
        stopping() {},
      },
      onRevoked: options.onRevoked ?? "wait",
      splayMs: { provisioning: 0, telemetry: 0 },
      log,
    },
    stop.signal,
  ).catch((error: unknown) => error);
  return {
    log,
    outbox,
    journal,
    provisioner,
    statuses,
    /** A sample with this reading, taken now. */
    accept: (readings: Readonly<Record<string, number>>) =>
      outbox.accept({ taken: takenAt(clock.now()), readings }),
    states: () => log.lines.map(({ event }) => event).filter((event) => event.includes("->")),
    /** Resolves to what ended the run. */
    async end() {
      const stopped = new Error("stopped");
      stop.abort(stopped);
      await clock.settle();
      const reason = await ended;
      return reason === stopped ? null : reason;
    },
  };
}
