import {
  type About,
  type Answer,
  type DeviceRequest,
  nothingKnown,
  type Outcome,
} from "./answer.ts";
import type { DeviceOperations } from "./device-operations.ts";
import type { Device, Devices } from "./devices.ts";
import { operationOf } from "./operation.ts";
import { decodePath } from "./path.ts";
import type { Peer } from "./peer.ts";

export interface Served {
  readonly outcome: Outcome;
  readonly about: About;
}

export interface DeviceApiDeps {
  readonly devices: Devices;
  readonly operations: DeviceOperations;
  /** How long ThingsBoard's transport waits for its core. */
  readonly coreTimeoutMs: number;
  provision(request: DeviceRequest): Served;
  /** Known by the certificate of its DTLS session. */
  deviceOf(peer: Peer): Device | undefined;
}

const plain = (code: string): Answer => ({ code });
const unserved = (code: string): Served => ({ outcome: plain(code), about: nothingKnown });

/**
 * ThingsBoard's device API over CoAP: one request in, one outcome out. It decides and sends nothing itself.
 * The checks come in ThingsBoard's order: path, method, credentials, transport, body, limits.
 */
export function createDeviceApi(deps: DeviceApiDeps) {
  const { devices, operations, coreTimeoutMs, provision } = deps;
  return (request: DeviceRequest): Served => {
    const { method, observe } = request;
    const target = decodePath(request.path);
    if (target.kind === "unknown") return unserved("4.04");
    if (target.kind === "bare") return unserved("4.05");
    if (target.kind === "undecodable") {
      return unserved(method === "GET" || method === "POST" ? "4.00" : "4.05");
    }

    const { feature, accessToken, requestId } = target;
    const about = { ...nothingKnown, feature };
    const operation = operationOf({ method, feature, requestId, observe });
    if (operation === "4.00" || operation === "4.05") return { outcome: plain(operation), about };
    if (operation === "provision") return provision(request);

    // Beside a certificate that is known a token in the path is not looked at.
    const device = deps.deviceOf(request.from.peer) ?? authenticate(accessToken);
    if ("code" in device) return { outcome: device, about };
    if (device.profile.transport === "MQTT") return { outcome: plain("5.00"), about };
    const { outcome, values = [] } = operations[operation](device, request, Number(requestId));
    const told = { device: device.name, points: values.length, values: values.slice(0, 3) };
    return { outcome, about: { ...about, ...told } };
  };

  function authenticate(accessToken: string | null): Device | Answer {
    // The credentials lookup throws on an empty id and never replies.
    if (accessToken === "") return { code: "5.00", delayMs: coreTimeoutMs };
    // Without a token position only a client certificate tells the device.
    const device = accessToken === null ? undefined : devices.byAccessToken(accessToken);
    return device ?? plain("4.01");
  }
}
