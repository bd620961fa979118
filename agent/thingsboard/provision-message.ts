import { hasToken, type Login, type TokenLogin } from "../credentials.ts";
import { isJsonObject, type JsonObject, parseJson } from "../json.ts";
import type { CoapResponse, Json } from "../ports.ts";

export interface ProvisionRequest {
  /** Null: the server makes a name. */
  readonly deviceName: string | null;
  readonly provisionDeviceKey: string;
  readonly provisionDeviceSecret: string;
  /** Our own token or certificate, stored before it is sent: ThingsBoard takes it over, except for pre-provisioned devices. */
  readonly login: Login;
}

/** `certificate`: base64 of its DER, as `certificateText` writes it. */
export type Granted = TokenLogin | { readonly certificate: string };

export type ProvisionAnswer =
  | { readonly status: "SUCCESS"; readonly granted: Granted }
  | { readonly status: "FAILURE" | "NOT_FOUND"; readonly errorMsg: string }
  /** 4.00 without a body, or a body that is none of the above: the request itself was not understood. */
  | { readonly status: "unreadable"; readonly detail: string };

/** PEM without its frame: what ThingsBoard knows a certificate by is a hash of this text. */
export const certificateText = (pem: string): string =>
  pem.replaceAll(/-----(?:BEGIN|END) CERTIFICATE-----|\s/g, "");

/** JSON null in any field is answered 4.00 by ThingsBoard, so what is not there is left out. */
export function encodeProvisionRequest(request: ProvisionRequest): Uint8Array {
  const { deviceName, provisionDeviceKey, provisionDeviceSecret, login } = request;
  // The field is named "hash", and is the certificate itself.
  const credentials = hasToken(login)
    ? { credentialsType: "ACCESS_TOKEN", token: login.accessToken }
    : { credentialsType: "X509_CERTIFICATE", hash: certificateText(login.certificate) };
  return new TextEncoder().encode(
    JSON.stringify({
      ...(deviceName === null ? {} : { deviceName }),
      provisionDeviceKey,
      provisionDeviceSecret,
      ...credentials,
    }),
  );
}

/** `{"credentialsValue":"…","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}`, or "X509_CERTIFICATE", or `errorMsg` and `status`. */
export function decodeProvisionAnswer({ code, payload }: CoapResponse): ProvisionAnswer {
  const text = new TextDecoder().decode(payload);
  const unreadable = (why: string): ProvisionAnswer => ({
    status: "unreadable",
    detail: `${code}, ${why}`,
  });
  if (text.trim() === "") return unreadable("no body");
  const body = parseJson(text);
  if (!isJsonObject(body)) return unreadable("the body is not a JSON object");
  const { status, errorMsg } = body;
  if (status === "FAILURE" || status === "NOT_FOUND") {
    return { status, errorMsg: typeof errorMsg === "string" ? quotable(errorMsg) : "" };
  }
  if (status !== "SUCCESS") return unreadable(`status ${wordOf(status)}`);
  const granted = grantedBy(body);
  return typeof granted === "string" ? unreadable(granted) : { status, granted };
}

/** What a device shall log in with, or what is wrong with it. */
function grantedBy({ credentialsType, credentialsValue }: JsonObject): Granted | string {
  switch (credentialsType) {
    case "ACCESS_TOKEN":
      return isAccessToken(credentialsValue)
        ? { accessToken: credentialsValue }
        : "credentialsValue is no access token";
    case "X509_CERTIFICATE":
      return typeof credentialsValue === "string"
        ? { certificate: certificateText(credentialsValue) }
        : "credentialsValue is no certificate";
    default:
      return `credentials of type ${wordOf(credentialsType)}`;
  }
}

/** What a server says goes to a terminal and a log: short, and without control characters. */
const quotable = (text: string) => text.replace(/\p{Cc}+/gu, " ").slice(0, LONGEST_QUOTE);
const LONGEST_QUOTE = 200;

const wordOf = (value: Json | undefined) =>
  typeof value === "string" ? JSON.stringify(quotable(value)) : "that is no text";

/** It travels as one Uri-Path option: 1 to 255 bytes (RFC 7252 §5.10), and no control characters. */
export const isAccessToken = (value: Json | undefined): value is string =>
  typeof value === "string" &&
  value !== "" &&
  new TextEncoder().encode(value).length <= 255 &&
  !/\p{Cc}/u.test(value);
