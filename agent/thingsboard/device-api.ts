import { AgentError } from "../errors.ts";
import type { Transport } from "../ports.ts";
import { errorOf } from "./answer.ts";
import { attributesPath, provisionPath, telemetryPath } from "./paths.ts";
import {
  decodeProvisionAnswer,
  encodeProvisionRequest,
  type ProvisionAnswer,
  type ProvisionRequest,
} from "./provision-message.ts";

/** CoAP Content-Format of JSON (RFC 7252 §12.3). ThingsBoard ignores it; proxies and captures do not. */
const JSON_FORMAT = 50;

/** No device has it: ThingsBoard answers 4.01, and whoever answers otherwise is no ThingsBoard. */
const UNKNOWN_TOKEN = "pipit-asks-for-nobody";

/** Short: the value of an attribute is never wanted here, only whether the token may ask for one. */
const PROBED_ATTRIBUTE = "sharedKeys=pipit";

export interface DeviceApi {
  /** @throws AgentError `transient` when no answer came, or 5.xx: the device may have been created all the same */
  provision(request: ProvisionRequest, signal: AbortSignal): Promise<ProvisionAnswer>;
  /** False when the server answers 4.01. @throws AgentError `transient` when it gives no verdict */
  isTokenValid(accessToken: string, signal: AbortSignal): Promise<boolean>;
  /** @throws AgentError `unauthorized`, `rejected` or `transient`; returns only after 2.xx */
  publishTelemetry(accessToken: string, payload: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Client attributes: one JSON object. Throws as `publishTelemetry`; returns only after 2.xx. */
  publishAttributes(accessToken: string, payload: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** ThingsBoard's CoAP device API, as the agent uses it. */
export function createDeviceApi({ transport }: { transport: Transport }): DeviceApi {
  const probe = (accessToken: string, signal: AbortSignal) => {
    const path = attributesPath(accessToken);
    return transport.request({ method: "GET", path, query: [PROBED_ATTRIBUTE] }, signal);
  };
  const post = async (path: readonly string[], payload: Uint8Array, signal: AbortSignal) => {
    const request = { method: "POST", path, payload, contentFormat: JSON_FORMAT } as const;
    const error = errorOf(await transport.request(request, signal));
    if (error) throw error;
  };
  return {
    async provision(request, signal) {
      const payload = encodeProvisionRequest(request);
      const response = await transport.request(
        { method: "POST", path: provisionPath, payload, contentFormat: JSON_FORMAT },
        signal,
      );
      const error = errorOf(response);
      // Refusals are 4.00 with a body that says which; only the server's own trouble is an error here.
      if (error && error.kind !== "rejected") throw error;
      return decodeProvisionAnswer(response);
    },

    async isTokenValid(accessToken, signal) {
      const response = await probe(accessToken, signal);
      if (response.code === "2.05") return true;
      if (response.code === "4.01") return false;
      const error = errorOf(response) ?? strange(response.code);
      if (response.code !== "4.04") throw error;
      // The device has no such attribute, and so there is a device; but any other CoAP server says 4.04 to everything.
      if ((await probe(UNKNOWN_TOKEN, signal)).code !== "4.01") throw error;
      return true;
    },

    publishTelemetry: (accessToken, payload, signal) =>
      post(telemetryPath(accessToken), payload, signal),

    publishAttributes: (accessToken, payload, signal) =>
      post(attributesPath(accessToken), payload, signal),
  };
}

const strange = (code: string) =>
  new AgentError(
    "transient",
    `the server answers a token probe with ${code}, which ThingsBoard never does`,
  );
