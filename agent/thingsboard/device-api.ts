import { hasToken, type Login } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { CoapResponse, OwnCertificate, Transport } from "../ports.ts";
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

/** No device has this token: ThingsBoard answers 4.01, and whoever answers otherwise is no ThingsBoard. */
const nobody: Login = { accessToken: "pipit-asks-for-nobody" };

/** Short: the value of an attribute is never wanted here, only whether the token may ask for one. */
const PROBED_ATTRIBUTE = "sharedKeys=pipit";

export interface DeviceApi {
  /** @throws AgentError `transient` when no answer came, or 5.xx: the device may have been created all the same */
  provision(request: ProvisionRequest, signal: AbortSignal): Promise<ProvisionAnswer>;
  /** False when the server answers 4.01. @throws AgentError `transient` when it gives no verdict; `refused` as `publishTelemetry` */
  isKnown(login: Login, signal: AbortSignal): Promise<boolean>;
  /**
   * Returns only after 2.xx.
   * @throws AgentError `unauthorized`, `rejected` or `transient`; `refused`: a certificate, and the way there has no DTLS
   */
  publishTelemetry(login: Login, payload: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Client attributes: one JSON object. Throws as `publishTelemetry`; returns only after 2.xx. */
  publishAttributes(login: Login, payload: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** ThingsBoard's CoAP device API, as the agent uses it. */
export function createDeviceApi({ transport }: { transport: Transport }): DeviceApi {
  const probe = (login: Login, signal: AbortSignal) => {
    const [path, own] = [attributesPath(login), ownOf(login)];
    return transport.request({ method: "GET", path, own, query: [PROBED_ATTRIBUTE] }, signal);
  };
  /** Any CoAP server answers 4.04 to what it does not know; only ThingsBoard tells the two apart. */
  const isThingsBoard = async (login: Login, signal: AbortSignal) => {
    if (hasToken(login)) return codeOf(await probe(nobody, signal)) === "4.01";
    // Behind a certificate the token in a path is not looked at; but telemetry is there, and cannot be read.
    const [path, own] = [telemetryPath(login), ownOf(login)];
    return codeOf(await transport.request({ method: "GET", path, own }, signal)) !== "4.04";
  };
  const post = async (
    path: readonly string[],
    login: Login,
    payload: Uint8Array,
    signal: AbortSignal,
  ) => {
    const own = ownOf(login);
    const request = { method: "POST", path, own, payload, contentFormat: JSON_FORMAT } as const;
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

    async isKnown(login, signal) {
      const response = await probe(login, signal);
      if (response.code === "2.05") return true;
      if (response.code === "4.01") return false;
      const error = errorOf(response) ?? strange(response.code);
      if (response.code !== "4.04") throw error;
      // The device has no such attribute, and so there is a device.
      if (!(await isThingsBoard(login, signal))) throw error;
      return true;
    },

    publishTelemetry: (login, payload, signal) =>
      post(telemetryPath(login), login, payload, signal),

    publishAttributes: (login, payload, signal) =>
      post(attributesPath(login), login, payload, signal),
  };
}

/** What the connection has to have shown; where the key is the operator's the network shows that certificate by itself. */
const ownOf = (login: Login): OwnCertificate | null => {
  if (hasToken(login) || login.key === null) return null;
  const { certificate, key } = login;
  return { certificate, key };
};

/** @throws AgentError `transient` for what is no verdict: it says when to come back */
function codeOf(response: CoapResponse): string {
  const error = errorOf(response);
  if (error?.retryAfterMs !== undefined) throw error;
  return response.code;
}

const strange = (code: string) =>
  new AgentError(
    "transient",
    `the server answers a token probe with ${code}, which ThingsBoard never does`,
  );
