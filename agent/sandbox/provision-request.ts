import { isNumber, isObject, type JsonNode, parseJson } from "./json-text.ts";

export const credentialsTypes = [
  "ACCESS_TOKEN",
  "MQTT_BASIC",
  "X509_CERTIFICATE",
  "LWM2M_CREDENTIALS",
] as const;
export type CredentialsType = (typeof credentialsTypes)[number];

export interface ProvisionRequest {
  readonly key: string;
  readonly secret: string;
  /** Trimmed; null where the field is absent or empty. */
  readonly deviceName: string | null;
  readonly credentialsType: CredentialsType;
  readonly token: string;
  readonly hash: string;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly gateway: boolean;
}

/** Null: ThingsBoard answers 4.00 without a body. Unknown fields are ignored. */
export function parseProvisionRequest(text: string): ProvisionRequest | null {
  const fields = fieldsOf(text);
  const key = fields?.get("provisionDeviceKey");
  const secret = fields?.get("provisionDeviceSecret");
  if (!fields || key === undefined || secret === undefined) return null;
  const field = (name: string) => fields.get(name) ?? "";
  const wanted = fields.get("credentialsType") ?? "ACCESS_TOKEN";
  const credentialsType = credentialsTypes.find((type) => type === wanted);
  if (!credentialsType) return null;
  const name = field("deviceName");
  return {
    key,
    secret,
    deviceName: name === "" ? null : name.trim(),
    credentialsType,
    token: field("token"),
    hash: field("hash"),
    clientId: field("clientId"),
    username: field("username"),
    password: field("password"),
    gateway: field("gateway") === "true",
  };
}

const known: ReadonlySet<string> = new Set([
  "provisionDeviceKey",
  "provisionDeviceSecret",
  "deviceName",
  "credentialsType",
  "token",
  "hash",
  "clientId",
  "username",
  "password",
  "gateway",
]);

/** Numbers count by their text: `"deviceName": 42` is "42". Null, arrays and objects spoil the request. */
function fieldsOf(text: string): ReadonlyMap<string, string> | null {
  try {
    const root = parseJson(text);
    if (!isObject(root)) return null;
    const fields = new Map<string, string>();
    for (const [name, node] of root) {
      if (!known.has(name)) continue;
      const value = asText(node);
      if (value === null) return null;
      fields.set(name, value);
    }
    return fields;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function asText(node: JsonNode): string | null {
  if (typeof node === "string") return node;
  if (typeof node === "boolean") return String(node);
  return isNumber(node) ? node.number : null;
}
