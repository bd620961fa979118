import {
  type DeviceCredentials,
  type Devices,
  type ProfileSpec,
  x509Credentials,
} from "./devices.ts";
import type { ProvisionRequest } from "./provision-request.ts";

export type Provisioned =
  | {
      readonly status: "SUCCESS";
      readonly deviceName: string;
      readonly credentials: DeviceCredentials;
    }
  | { readonly status: "NOT_FOUND" }
  | { readonly status: "FAILURE" }
  /** ThingsBoard's core never answers; the transport gives up after 10 s with 5.00. */
  | { readonly status: "UNANSWERED" };

export interface ProvisioningDeps {
  readonly profiles: readonly ProfileSpec[];
  readonly devices: Devices;
  /** 20 letters and digits: a token or a device name that the server makes. */
  randomName(): string;
}

const FAILURE = { status: "FAILURE" } as const;
const NOT_FOUND = { status: "NOT_FOUND" } as const;

/** Not idempotent, as in ThingsBoard: a second request for the same name fails. */
export function createProvisioning({ profiles, devices, randomName }: ProvisioningDeps) {
  return (request: ProvisionRequest): Provisioned => {
    if (request.key === "" || request.secret === "") return NOT_FOUND;
    const profile = profiles.find(({ key }) => key === request.key);
    if (!profile) return NOT_FOUND;
    if (profile.strategy === "X509_CERTIFICATE_CHAIN") return { status: "UNANSWERED" };
    if (profile.strategy === "DISABLED" || profile.secret !== request.secret) return NOT_FOUND;
    return profile.strategy === "ALLOW_CREATE_NEW_DEVICES"
      ? create(request, profile)
      : handOver(request, profile);
  };

  function create(request: ProvisionRequest, profile: ProfileSpec): Provisioned {
    if (request.deviceName === "") return FAILURE;
    const credentials = credentialsFor(request, randomName);
    const name = request.deviceName ?? randomName();
    if (credentials === null) return FAILURE;
    const { gateway } = request;
    const device = devices.create({ name, profile, credentials, gateway, provisioned: true });
    return device ? { status: "SUCCESS", deviceName: name, credentials } : FAILURE;
  }

  /** Whatever token the device proposes, it gets the one it already has. */
  function handOver(request: ProvisionRequest, profile: ProfileSpec): Provisioned {
    const device = devices.named(request.deviceName ?? "");
    if (!device?.credentials || device.profile !== profile || device.provisioned) return FAILURE;
    device.provisioned = true;
    return { status: "SUCCESS", deviceName: device.name, credentials: device.credentials };
  }
}

/** Null: ThingsBoard's validation rolls the whole device back. */
function credentialsFor(
  request: ProvisionRequest,
  randomName: () => string,
): DeviceCredentials | null {
  const { token, hash, clientId, username, password } = request;
  // A type without any credential keeps the generated access token, and the answer says so.
  if (token + hash + clientId + username + password === "") {
    return { type: "ACCESS_TOKEN", id: randomName() };
  }
  switch (request.credentialsType) {
    case "ACCESS_TOKEN":
      // biome-ignore lint/suspicious/noControlCharactersInRegex: ThingsBoard refuses exactly these
      return token === "" || /[\u0000-\u001f\u007f]/.test(token)
        ? null
        : { type: "ACCESS_TOKEN", id: token };
    case "X509_CERTIFICATE": {
      const credentials = x509Credentials(hash);
      return credentials.id === "" ? null : credentials;
    }
    case "MQTT_BASIC": {
      if (clientId + username === "") return null;
      const id = `${clientId}|${username}`;
      return {
        type: "MQTT_BASIC",
        id,
        ...(clientId && { clientId }),
        ...(username && { userName: username }),
        ...(password && { password }),
      };
    }
    case "LWM2M_CREDENTIALS":
      return null;
  }
}

/** Members in the order ThingsBoard writes them. */
export function provisionBody(result: Exclude<Provisioned, { status: "UNANSWERED" }>): string {
  if (result.status === "NOT_FOUND") {
    return '{"errorMsg":"Provision data was not found!","status":"NOT_FOUND"}';
  }
  if (result.status !== "SUCCESS") {
    return '{"errorMsg":"Failed to provision device!","status":"FAILURE"}';
  }
  const { type, id, ...basic } = result.credentials;
  const credentialsValue = type === "MQTT_BASIC" ? basic : id;
  return JSON.stringify({ credentialsValue, credentialsType: type, status: "SUCCESS" });
}
