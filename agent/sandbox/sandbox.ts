import { createAdmission } from "./admission.ts";
import { createCertificateSessions } from "./certificate-sessions.ts";
import { createChance } from "./chance.ts";
import { createCoapServer } from "./coap-server.ts";
import { openControl } from "./control.ts";
import { newCounters } from "./counters.ts";
import { createDeviceApi } from "./device-api.ts";
import { createDeviceOperations } from "./device-operations.ts";
import { createDevices } from "./devices.ts";
import { createEvaluation } from "./evaluation.ts";
import type { SandboxEvent } from "./event.ts";
import { createFaultSwitches, type Faults } from "./faults.ts";
import { createFront } from "./front.ts";
import { openLink } from "./link.ts";
import { createObservations } from "./observations.ts";
import { createOperator, type Operator } from "./operator.ts";
import { defaultProfile } from "./profile.ts";
import { createProvisionAnswer } from "./provision-answer.ts";
import { createProvisioning } from "./provisioning.ts";
import { rethrow } from "./rethrow.ts";
import type { SandboxOptions } from "./sandbox-options.ts";
import { openSecureLink } from "./secure-link.ts";
import { createServerRpc } from "./server-rpc.ts";
import { deviceState, type SandboxState } from "./state.ts";
import { createStory } from "./story.ts";
import { createTimers, realClock } from "./timers.ts";
import { type Times, thingsBoardTimes } from "./times.ts";
import { createUploads } from "./uploads.ts";

export type { ProfileSpec } from "./devices.ts";
export type { SandboxEvent } from "./event.ts";
export type { Faults } from "./faults.ts";
export { defaultProfile } from "./profile.ts";
export type { SandboxOptions } from "./sandbox-options.ts";
export type { SandboxState } from "./state.ts";

export interface Sandbox extends AsyncDisposable, Operator {
  readonly port: number;
  /** Of the authority that signed this server's certificate, PEM; null in clear text. */
  readonly authority: string | null;
  readonly httpPort: number | null;
  state(): SandboxState;
  /** @throws AgentError `config` for an unknown fault or an impossible value */
  setFaults(faults: Partial<Faults>): void;
  /** What a server forgets when it restarts: observations, message IDs, pending answers, RPC. */
  restart(): void;
  /** Nothing gets through for so long. */
  outage(ms: number): void;
}

const REMEMBERED_TIMESTAMPS = 50_000;
const MOST_KEYS = 1_000;
const MOST_DEVICES = 1_000;
const MOST_EXCHANGES = 8_192;
const LARGEST_BODY_BYTES = 1024 * 1024;
const MOST_UPLOADS = 64;

/** Starts a stand-in for ThingsBoard's CoAP device API. Rejects with the system's error if a port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = "127.0.0.1", seed = Math.floor(Math.random() * 2 ** 32) } = options;
  const { profiles = [defaultProfile], typeCast = true, clientRpcReplies = {} } = options;
  const { rememberTimestamps = REMEMBERED_TIMESTAMPS } = options;
  const times: Times = { ...thingsBoardTimes, ...options.times };
  const clock = createTimers(options.clock ?? realClock);
  /** What a restart cancels: pending answers, retransmissions. */
  const session = createTimers(clock);
  const chance = createChance(seed);
  const faults = createFaultSwitches(options.faults ?? {});
  const counters = newCounters();
  const story = createStory(clock, tell);
  const devices = createDevices({
    keepPoints: options.keepPoints ?? 1_000,
    rememberTimestamps,
    rememberSamples: options.rememberSamples ?? rememberTimestamps,
    mostKeys: MOST_KEYS,
    mostDevices: options.mostDevices ?? MOST_DEVICES,
  });
  const admission = createAdmission(clock, faults.now);
  const uploads = createUploads(clock, {
    maxBodyBytes: LARGEST_BODY_BYTES,
    maxUploads: MOST_UPLOADS,
    lifetimeMs: times.exchangeLifetimeMs,
  });
  const observations = createObservations({
    send(relation, notification, settled) {
      story.pushed(relation, notification);
      front.notify(relation, notification, settled);
    },
  });
  const serverRpc = createServerRpc({
    clock,
    timeoutMs: times.rpcTimeoutMs,
    push: (device, body) => observations.notify(device, "rpc", body),
  });
  const operations = createDeviceOperations({
    ...{ clock, observations, serverRpc, typeCast, clientRpcReplies },
    mostKeys: MOST_KEYS,
    dropped: () => void counters.dropped++,
    admit: admission.admit,
  });
  const { coreTimeoutMs } = times;
  const { deviceOf, ...certificates } = createCertificateSessions(devices);
  const api = createDeviceApi({
    ...{ devices, operations, coreTimeoutMs, deviceOf },
    provision: createProvisionAnswer({
      coreTimeoutMs,
      provision: createProvisioning({ profiles, devices, randomName: chance.name }),
    }),
  });
  const evaluation = createEvaluation({
    ...{ api, uploads, faults, chance },
    server: () => server,
    onBug: options.onBug ?? rethrow,
  });
  const front = createFront({
    ...{ clock: session, chance, times, faults, counters },
    mostExchanges: options.mostExchanges ?? MOST_EXCHANGES,
    send: (datagram, peer) => link.send(datagram, peer),
    evaluate: evaluation.evaluate,
    render: evaluation.render,
    timedOut: observations.cancelPeer,
    served: story.served,
  });
  const listening = {
    ...{ host, port: options.port ?? 0, clock, chance, faults, counters },
    ...(options.openCarrier && { openCarrier: options.openCarrier }),
    received: front.received,
    lost: front.lost,
    shookHands: certificates.shookHands,
  };
  const secure = options.secure && (await openSecureLink(listening, options.secure.names));
  const link = secure ?? (await openLink(listening));
  let server = createCoapServer();
  const operator = createOperator({
    ...{ clock, chance, devices, profiles, observations, serverRpc, typeCast },
  });
  let planned = options.afterFirstTelemetry;
  let outageEnd: Disposable | undefined;

  const sandbox = {
    ...operator,
    port: link.port,
    authority: secure?.authority ?? null,
    state: (): SandboxState => ({
      seed,
      faults: faults.now(),
      counters: structuredClone(counters),
      profiles: profiles.map(({ name, strategy }) => ({ name, strategy })),
      devices: Object.fromEntries(
        devices.all().map((device) => [device.name, deviceState(device, observations)]),
      ),
    }),
    setFaults: faults.set,
    restart() {
      session.clear();
      secure?.forget();
      certificates.forget();
      front.forget();
      observations.forget();
      uploads.forget();
      serverRpc.forget();
      admission.clear();
      server.close();
      server = createCoapServer();
    },
    outage(ms: number) {
      outageEnd?.[Symbol.dispose]();
      faults.set({ outage: true });
      outageEnd = clock.after(ms, () => faults.set({ outage: false }));
    },
  };
  const control = await openControlOrClose();

  return {
    ...sandbox,
    httpPort: control?.port ?? null,
    async [Symbol.asyncDispose]() {
      await control?.close();
      await close();
    },
  };

  async function openControlOrClose() {
    if (options.httpPort === null) return null;
    try {
      return await openControl(sandbox, options.httpPort ?? 0);
    } catch (error) {
      await close();
      throw error;
    }
  }

  async function close() {
    serverRpc.abandon();
    front.forget();
    clock.clear();
    server.close();
    await link.close();
  }

  function tell(event: SandboxEvent) {
    options.onEvent?.(event);
    const { path, code, device } = event;
    if (!planned || path !== "telemetry" || code !== "2.01" || device === null) return;
    const { waitMs = 10_000, outageMs = 0, revoke = false } = planned;
    planned = undefined;
    clock.after(waitMs, () => {
      if (outageMs > 0) sandbox.outage(outageMs);
      if (revoke) sandbox.revoke(device);
    });
  }
}
