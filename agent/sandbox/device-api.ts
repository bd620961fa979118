import type { Clock, Json } from "../ports.ts";
import {
  type About,
  type Answer,
  type DeviceRequest,
  nothingKnown,
  type Outcome,
} from "./answer.ts";
import {
  attributesText,
  parseAttributeQuery,
  parseAttributes,
  readAttributes,
} from "./attributes.ts";
import { parseCustomerClaim } from "./customer-claim.ts";
import type { Device, Devices } from "./devices.ts";
import { isObject, jsonValue, parseJson } from "./json-text.ts";
import type { Observations, Subject } from "./observations.ts";
import { type Operation, operationOf } from "./operation.ts";
import { decodePath } from "./path.ts";
import { parseProvisionRequest } from "./provision-request.ts";
import { type Provisioned, provisionBody } from "./provisioning.ts";
import type { ServerRpc } from "./server-rpc.ts";
import { isStorableKey } from "./storable-key.ts";
import { parseTelemetry } from "./telemetry-body.ts";

export interface DeviceApiDeps {
  readonly clock: Clock;
  readonly devices: Devices;
  readonly observations: Observations;
  readonly serverRpc: ServerRpc;
  readonly typeCast: boolean;
  /** How long ThingsBoard's transport waits for its core. */
  readonly coreTimeoutMs: number;
  readonly clientRpcReplies: Readonly<Record<string, Json>>;
  provision(request: NonNullable<ReturnType<typeof parseProvisionRequest>>): Provisioned;
  /** False: this device has used up its messages or its data points. */
  admit(device: Device, points: number): boolean;
}

export interface Served {
  readonly outcome: Outcome;
  readonly about: About;
}

const JSON_FORMAT = 50;
const text = new TextDecoder();
const bytes = new TextEncoder();
const created: Answer = { code: "2.01", explicit: true };
const plain = (code: string): Answer => ({ code });

/** ThingsBoard's device API over CoAP: one request in, one outcome out. Decides; sends nothing itself. */
export function createDeviceApi(deps: DeviceApiDeps) {
  const { devices, observations, serverRpc } = deps;

  return (request: DeviceRequest): Served => {
    const target = decodePath(request.path);
    if (target.kind === "unknown") return unserved(plain("4.04"));
    if (target.kind === "bare") return unserved(plain("4.05"));
    if (target.kind === "undecodable") {
      const known = request.method === "GET" || request.method === "POST";
      return unserved(plain(known ? "4.00" : "4.05"));
    }
    const { feature, accessToken, requestId } = target;
    const about = { ...nothingKnown, feature };
    const { method, observe } = request;
    const operation = operationOf({ method, feature, requestId, observe });
    if (operation === "4.00" || operation === "4.05") return { outcome: plain(operation), about };
    if (operation === "provision") return provision(request);
    // The credentials lookup throws on an empty id and never replies.
    if (accessToken === "") {
      return { outcome: { code: "5.00", delayMs: deps.coreTimeoutMs }, about };
    }
    const device = accessToken === null ? undefined : devices.byAccessToken(accessToken);
    if (!device) return { outcome: plain("4.01"), about };
    if (device.profile.transport === "MQTT") return { outcome: plain("5.00"), about };
    const served = perform(operation, device, request, Number(requestId));
    return { outcome: served.outcome, about: { ...about, device: device.name, ...served.about } };
  };

  function provision({ payload }: DeviceRequest): Served {
    const about = { ...nothingKnown, feature: "provision" } as const;
    // An empty body is a valid empty Protobuf message, and is answered as one: status NOT_FOUND.
    if (payload.length === 0) {
      return { outcome: { code: "4.00", payload: Uint8Array.of(8, 2) }, about };
    }
    const request = parseProvisionRequest(text.decode(payload));
    if (!request) return { outcome: plain("4.00"), about };
    const result = deps.provision(request);
    if (result.status === "UNANSWERED") {
      return { outcome: { code: "5.00", delayMs: deps.coreTimeoutMs }, about };
    }
    const success = result.status === "SUCCESS";
    const outcome = {
      code: success ? "2.01" : "4.00",
      payload: bytes.encode(provisionBody(result)),
      contentFormat: 0,
    };
    const device = success ? result.deviceName : request.deviceName;
    return { outcome, about: { ...about, device } };
  }

  function perform(
    operation: Exclude<Operation, "provision">,
    device: Device,
    request: DeviceRequest,
    requestId: number,
  ): { outcome: Outcome; about?: Partial<About> } {
    const within = (points: number, act: () => Outcome): Outcome =>
      deps.admit(device, points) ? act() : plain("5.00");
    const body = text.decode(request.payload);

    switch (operation) {
      case "post telemetry":
        return postTelemetry(device, body);
      case "post attributes": {
        const attributes = parseAttributes(body, deps.typeCast);
        if (!attributes) return { outcome: plain("4.00") };
        const outcome = within(0, () => {
          for (const [key, value] of attributes) device.client.set(key, value);
          return created;
        });
        const values = [...attributes].map(([key, { value }]) => [key, value] as const);
        return { outcome, about: { points: values.length, values: values.slice(0, 3) } };
      }
      case "read attributes":
        return { outcome: within(0, () => read(device, request)) };
      case "subscribe attributes":
        return { outcome: subscribe(device, "attributes", request) };
      case "subscribe rpc":
        return { outcome: subscribe(device, "rpc", request) };
      case "unsubscribe attributes":
        observations.cancel(device.name, "attributes", request.from);
        return { outcome: "silent" };
      case "unsubscribe rpc":
        observations.cancel(device.name, "rpc", request.from);
        return { outcome: "silent" };
      case "reply rpc": {
        const reply = objectIn(body);
        if (reply === null) return { outcome: plain("5.00") };
        return {
          outcome: within(0, () => {
            serverRpc.reply(device.name, requestId, reply);
            return created;
          }),
        };
      }
      case "request rpc":
        return { outcome: requestRpc(body, request, within) };
      case "claim": {
        const claim = parseCustomerClaim(body);
        if (typeof claim === "string") return { outcome: plain(claim) };
        return {
          outcome: within(0, () => {
            // The first secret stays until it expires.
            const expiresAt = deps.clock.now() + claim.durationMs;
            if ((device.claim?.expiresAt ?? 0) <= deps.clock.now()) {
              device.claim = { ...claim, expiresAt };
            }
            return created;
          }),
        };
      }
    }
  }

  function postTelemetry(device: Device, body: string) {
    const parsed = parseTelemetry(body, deps.clock.now(), deps.typeCast);
    if (parsed.kind === "never answered") return { outcome: "silent" as const };
    if (parsed.kind === "refused") return { outcome: plain(parsed.code) };
    const { points } = parsed;
    const values = points.slice(0, 3).map(({ key, value }) => [key, value] as const);
    const about = { points: points.length, values };
    if (!deps.admit(device, points.length)) return { outcome: plain("5.00"), about };
    // 2.01 means "queued": what the database refuses is lost afterwards, the whole message with it.
    if (points.every(({ key }) => isStorableKey(key))) device.series.write(points);
    return { outcome: created, about };
  }

  function read(device: Device, { query, contentFormat }: DeviceRequest): Answer {
    const found = readAttributes(parseAttributeQuery(query), device.client, device.shared);
    const format = { contentFormat: contentFormat ?? JSON_FORMAT, explicit: true };
    return found === null
      ? { code: "4.04", ...format }
      : { code: "2.05", payload: bytes.encode(found), ...format };
  }

  function subscribe(device: Device, subject: Subject, request: DeviceRequest): Outcome {
    // The token is noted before the limit is checked, as in ThingsBoard.
    const relation = { ...request.from, device: device.name, subject };
    if (!observations.begin(relation)) return "silent";
    if (!deps.admit(device, 0)) return plain("5.00");
    observations.establish(relation);
    if (subject === "rpc") {
      const after = () => serverRpc.resend(device.name);
      return { code: "2.03", observe: 0, explicit: true, after };
    }
    return {
      code: "2.05",
      observe: 0,
      payload: bytes.encode(attributesText(device.shared)),
      contentFormat: request.contentFormat ?? JSON_FORMAT,
    };
  }

  function requestRpc(
    body: string,
    request: DeviceRequest,
    within: (points: number, act: () => Outcome) => Outcome,
  ): Outcome {
    const call = objectIn(body);
    const method = call?.["method"];
    if (typeof method !== "string") return plain("5.00");
    return within(0, () => {
      const reply = deps.clientRpcReplies[method];
      // The stock rule chain only logs the request.
      if (reply === undefined) return "silent";
      const payload = bytes.encode(JSON.stringify(reply));
      const contentFormat = request.contentFormat ?? JSON_FORMAT;
      return { code: "2.05", payload, contentFormat, explicit: true };
    });
  }
}

const unserved = (outcome: Outcome): Served => ({ outcome, about: nothingKnown });

/** The body where it is a JSON object, else null. */
function objectIn(body: string): Readonly<Record<string, Json>> | null {
  try {
    const root = parseJson(body);
    const value = isObject(root) ? jsonValue(root) : null;
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Readonly<Record<string, Json>>)
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
