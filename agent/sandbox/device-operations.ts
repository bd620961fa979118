import type { Clock, Json } from "../ports.ts";
import type { Answer, DeviceRequest, Outcome } from "./answer.ts";
import {
  attributesText,
  parseAttributeQuery,
  parseAttributes,
  readAttributes,
} from "./attributes.ts";
import { parseCustomerClaim } from "./customer-claim.ts";
import type { Device } from "./devices.ts";
import { parseJsonObject } from "./json-text.ts";
import type { Observations, Subject } from "./observations.ts";
import type { Operation } from "./operation.ts";
import type { ServerRpc } from "./server-rpc.ts";
import { isStorableKey } from "./storable-key.ts";
import { parseTelemetry } from "./telemetry-body.ts";

export interface Performed {
  readonly outcome: Outcome;
  /** The key-value pairs of the body. */
  readonly values?: readonly (readonly [key: string, value: Json])[];
}

export type Perform = (device: Device, request: DeviceRequest, requestId: number) => Performed;

export type DeviceOperations = Readonly<Record<Exclude<Operation, "provision">, Perform>>;

export interface DeviceOperationsDeps {
  readonly clock: Clock;
  readonly observations: Observations;
  readonly serverRpc: ServerRpc;
  readonly typeCast: boolean;
  readonly clientRpcReplies: Readonly<Record<string, Json>>;
  /** Client attributes of a device. */
  readonly mostKeys: number;
  /** Storage did not take a message that was answered 2.01. */
  dropped(): void;
  /** False: this device has used up its messages or its data points. */
  admit(device: Device, points: number): boolean;
}

const JSON_FORMAT = 50;
const bytes = new TextEncoder();
const textOf = ({ payload }: DeviceRequest) => new TextDecoder().decode(payload);
const formatOf = ({ contentFormat }: DeviceRequest) => contentFormat ?? JSON_FORMAT;

const created: Answer = { code: "2.01", explicit: true };
const plain = (code: string): Performed => ({ outcome: { code } });
const silent: Performed = { outcome: "silent" };

/** What an authenticated device may do: parse the body, check the limits, act. */
export function createDeviceOperations(deps: DeviceOperationsDeps): DeviceOperations {
  const { clock, observations, serverRpc, typeCast } = deps;

  const within = (device: Device, act: () => Outcome): Outcome =>
    deps.admit(device, 0) ? act() : { code: "5.00" };

  const subscribe =
    (subject: Subject, first: (device: Device, request: DeviceRequest) => Answer): Perform =>
    (device, request) => {
      // The CoAP token is noted before the limit is checked.
      const relation = { ...request.from, device: device.name, subject };
      if (!observations.begin(relation)) return silent;
      const outcome = within(device, () => {
        observations.establish(relation);
        return first(device, request);
      });
      return { outcome };
    };

  const unsubscribe =
    (subject: Subject): Perform =>
    (device, { from }) => {
      observations.cancel(device.name, subject, from);
      return silent;
    };

  return {
    "post telemetry"(device, request) {
      const body = parseTelemetry(textOf(request), clock.now(), typeCast);
      if (body.kind === "never answered") return silent;
      if (body.kind === "refused") return plain(body.code);
      const { points } = body;
      const values = points.map(({ key, value }) => [key, value] as const);
      if (!deps.admit(device, points.length)) return { ...plain("5.00"), values };
      // 2.01 means "queued": what the database refuses is lost afterwards, the whole message with it.
      const storable = points.every(({ key }) => isStorableKey(key));
      if (!storable || !device.series.write(points)) deps.dropped();
      return { outcome: created, values };
    },

    "post attributes"(device, request) {
      const attributes = parseAttributes(textOf(request), typeCast);
      if (!attributes) return plain("4.00");
      const outcome = within(device, () => {
        const merged = new Map([...device.client, ...attributes]);
        if (merged.size > deps.mostKeys) deps.dropped();
        else for (const [key, value] of attributes) device.client.set(key, value);
        return created;
      });
      return { outcome, values: [...attributes].map(([key, { value }]) => [key, value]) };
    },

    "read attributes"(device, request) {
      const format = { contentFormat: formatOf(request), explicit: true };
      const query = parseAttributeQuery(request.query);
      const outcome = within(device, () => {
        const found = readAttributes(query, device.client, device.shared);
        return found === null
          ? { code: "4.04", ...format }
          : { code: "2.05", payload: bytes.encode(found), ...format };
      });
      return { outcome };
    },

    "subscribe attributes": subscribe("attributes", (device, request) => ({
      code: "2.05",
      observe: 0,
      payload: bytes.encode(attributesText(device.shared)),
      contentFormat: formatOf(request),
    })),

    "subscribe rpc": subscribe("rpc", (device) => ({
      code: "2.03",
      observe: 0,
      explicit: true,
      after: () => serverRpc.resend(device.name),
    })),

    "unsubscribe attributes": unsubscribe("attributes"),
    "unsubscribe rpc": unsubscribe("rpc"),

    "reply rpc"(device, request, requestId) {
      const reply = parseJsonObject(textOf(request));
      if (reply === null) return plain("5.00");
      const outcome = within(device, () => {
        serverRpc.reply(device.name, requestId, reply);
        return created;
      });
      return { outcome };
    },

    "request rpc"(device, request) {
      const method = parseJsonObject(textOf(request))?.["method"];
      if (typeof method !== "string") return plain("5.00");
      const outcome = within(device, () => {
        // The stock rule chain only logs the request, and nobody answers it.
        if (!Object.hasOwn(deps.clientRpcReplies, method)) return "silent";
        const payload = bytes.encode(JSON.stringify(deps.clientRpcReplies[method]));
        return { code: "2.05", payload, contentFormat: formatOf(request), explicit: true };
      });
      return { outcome };
    },

    claim(device, request) {
      const claim = parseCustomerClaim(textOf(request));
      if (typeof claim === "string") return plain(claim);
      const outcome = within(device, () => {
        const now = clock.now();
        // The first secret stays until it expires.
        if (device.claim === null || device.claim.expiresAt <= now) {
          device.claim = { ...claim, expiresAt: now + claim.durationMs };
        }
        return created;
      });
      return { outcome };
    },
  };
}
