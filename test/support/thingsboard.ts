import type { CoapRequest, CoapResponse, OwnCertificate, Transport } from "../../agent/ports.ts";
import { createDeviceApi } from "../../agent/sandbox/device-api.ts";
import { createDeviceOperations } from "../../agent/sandbox/device-operations.ts";
import { createDevices, type ProfileSpec, x509Credentials } from "../../agent/sandbox/devices.ts";
import { createObservations } from "../../agent/sandbox/observations.ts";
import { defaultProfile } from "../../agent/sandbox/profile.ts";
import { createProvisionAnswer } from "../../agent/sandbox/provision-answer.ts";
import { createProvisioning } from "../../agent/sandbox/provisioning.ts";
import { createServerRpc } from "../../agent/sandbox/server-rpc.ts";
import { seededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const empty = new Uint8Array();

/** What comes before the request reaches the server, and before its answer reaches the device; throwing loses it. */
export interface Path {
  up(asked: string, request: CoapRequest): void;
  down(asked: string, response: CoapResponse): void;
}

/** The sandbox's device API behind the `Transport` port: ThingsBoard's decisions without a network, on virtual time. */
export function thingsBoard(clock: VirtualClock, profile: ProfileSpec = defaultProfile) {
  const limits = { keepPoints: 100_000, rememberTimestamps: 100_000, rememberSamples: 100_000 };
  const devices = createDevices({ ...limits, mostKeys: 1_000, mostDevices: 10_000 });
  let shown: OwnCertificate | null = null;
  const { fraction } = seededRandom(1);
  const randomName = () => `made-${fraction()}`;
  const api = createDeviceApi({
    devices,
    operations: createDeviceOperations({
      clock,
      observations: createObservations({ send() {} }),
      serverRpc: createServerRpc({ clock, timeoutMs: 1_000, push: () => false }),
      typeCast: true,
      clientRpcReplies: {},
      mostKeys: 1_000,
      dropped() {},
      admit: () => true,
    }),
    coreTimeoutMs: 0,
    // As if each certificate came with a handshake of its own.
    deviceOf: () =>
      shown === null ? undefined : devices.byCertificate(x509Credentials(shown.certificate).id),
    provision: createProvisionAnswer({
      coreTimeoutMs: 0,
      provision: createProvisioning({ profiles: [profile], devices, randomName }),
    }),
  });
  /** "POST telemetry", with the virtual time at which it was asked. */
  const requests: { readonly asked: string; readonly atMs: number; readonly token: string }[] = [];
  const path: Path = { up() {}, down() {} };

  const transport: Transport = {
    async request(request, signal) {
      signal.throwIfAborted();
      shown = request.own ?? null;
      const asked = `${request.method} ${request.path.at(-1)}`;
      requests.push({ asked, atMs: clock.monotonic(), token: request.path[2] ?? "" });
      path.up(asked, request);
      const { outcome } = api({
        method: request.method,
        path: request.path,
        query: request.query ?? [],
        payload: request.payload ?? empty,
        contentFormat: request.contentFormat ?? null,
        observe: null,
        from: nobody,
      });
      if (outcome === "silent") throw new Error(`${asked} is never answered`);
      const response = { code: outcome.code, payload: outcome.payload ?? empty };
      path.down(asked, response);
      return response;
    },
    async *observe() {},
    ping: async () => 1,
    [Symbol.asyncDispose]: async () => {},
  };
  return {
    transport,
    devices,
    requests,
    path,
    /** As the operator does it: the old token is invalid in the same moment. */
    setToken(deviceName: string, token: string | null) {
      const device = devices.named(deviceName);
      if (device === undefined) throw new Error(`no device ${deviceName}`);
      device.credentials = token === null ? null : { type: "ACCESS_TOKEN", id: token };
    },
    tokenOf: (deviceName: string) => devices.named(deviceName)?.credentials?.id ?? null,
    /** Values of one key that a device holds, by their time. */
    valuesOf: (deviceName: string, key: string) =>
      (devices.named(deviceName)?.series.snapshot().keys[key]?.recent ?? []).map(
        ({ value }) => value,
      ),
  };
}

export type ThingsBoard = ReturnType<typeof thingsBoard>;

const nobody = {
  peer: { key: "board", address: "127.0.0.1", port: 1 },
  coapToken: "",
  confirmable: true,
  request: { type: "CON", code: "0.01", messageId: 0, token: empty, options: [], payload: empty },
} as const;
