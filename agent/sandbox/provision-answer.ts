import { type DeviceRequest, nothingKnown } from "./answer.ts";
import type { Served } from "./device-api.ts";
import { type ProvisionRequest, parseProvisionRequest } from "./provision-request.ts";
import { type Provisioned, provisionBody } from "./provisioning.ts";

export interface ProvisionAnswerDeps {
  readonly coreTimeoutMs: number;
  provision(request: ProvisionRequest): Provisioned;
}

const about = { ...nothingKnown, feature: "provision" } as const;

/** Status NOT_FOUND in Protobuf: what ThingsBoard makes of an empty body, a valid empty message. */
const emptyNotFound = { code: "4.00", payload: Uint8Array.of(8, 2) };

/** The CoAP side of provisioning: no credentials, no limits, Content-Format 0. */
export function createProvisionAnswer({ coreTimeoutMs, provision }: ProvisionAnswerDeps) {
  return ({ payload }: DeviceRequest): Served => {
    if (payload.length === 0) return { outcome: emptyNotFound, about };
    const request = parseProvisionRequest(new TextDecoder().decode(payload));
    if (!request) return { outcome: { code: "4.00" }, about };
    const result = provision(request);
    if (result.status === "UNANSWERED") {
      return { outcome: { code: "5.00", delayMs: coreTimeoutMs }, about };
    }
    const success = result.status === "SUCCESS";
    const outcome = {
      code: success ? "2.01" : "4.00",
      payload: new TextEncoder().encode(provisionBody(result)),
      contentFormat: 0,
    };
    return {
      outcome,
      about: { ...about, device: success ? result.deviceName : request.deviceName },
    };
  };
}
