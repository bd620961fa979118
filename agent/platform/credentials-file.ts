import {
  type Credentials,
  type Fingerprint,
  type FormerCredentials,
  hasToken,
  type Identity,
} from "../credentials.ts";
import { isJsonObject, type JsonObject, parseJson } from "../json.ts";
import type { Json } from "../ports.ts";
import { checksum } from "./checksum.ts";

/**
 * Raised when a reader of the old form could misread the new one. In every version `crc32` covers all other members, so
 * that a reader can tell a newer file, which it must not touch, from a damaged one.
 */
const FORMAT_VERSION = 2;
/** Knows tokens only. An identity without a certificate is still written so: an older Pipit, put back, goes on with it. */
const TOKEN_VERSION = 1;

const reasons = ["server", "board", "login", "revoked", "reset", "unproven"];

export type DecodedIdentity =
  | { readonly ok: true; readonly identity: Identity }
  /** `newer`: not damaged, but not ours to touch. */
  | { readonly ok: false; readonly reason: string; readonly newer: boolean };

/** JSON with a version and a CRC-32 over the identity's own text: a torn or half-zeroed file cannot pass. */
export function encodeIdentity(identity: Identity): string {
  const { claim, active, kept } = identity;
  const held = [claim, active, ...kept].filter((credentials) => credentials !== null);
  const isOfTokens = held.every(hasToken) && kept.every(({ reason }) => reason !== "login");
  const version = isOfTokens ? TOKEN_VERSION : FORMAT_VERSION;
  const members = { version, claim, active, kept };
  return `${JSON.stringify({ crc32: checksum(members), ...members }, null, 2)}\n`;
}

export function decodeIdentity(text: string): DecodedIdentity {
  const damaged = (reason: string): DecodedIdentity => ({ ok: false, reason, newer: false });
  if (text.trim() === "") return damaged("it is empty");
  const parsed = parseJson(text);
  if (!isJsonObject(parsed)) return damaged("it is not a JSON object");
  const { crc32: stored, ...members } = parsed;
  if (stored !== checksum(members)) return damaged("its checksum does not match");
  const { version, claim, active, kept } = members;
  if (version !== FORMAT_VERSION && version !== TOKEN_VERSION) {
    const reason = `format version ${JSON.stringify(version)}, this Pipit knows ${FORMAT_VERSION}`;
    return { ok: false, reason, newer: true };
  }
  if (!isCredentialsOrNull(claim)) return damaged("its claim is not valid");
  if (!isCredentialsOrNull(active)) return damaged("its active credentials are not valid");
  if (!Array.isArray(kept) || !kept.every(isFormer)) return damaged("its list is not valid");
  return { ok: true, identity: { claim, active, kept } };
}

const isCredentialsOrNull = (value: Json | undefined): value is (Credentials & JsonObject) | null =>
  value === null || isCredentials(value);

const isCredentials = (value: Json | undefined): value is Credentials & JsonObject =>
  isJsonObject(value) &&
  typeof value["server"] === "string" &&
  isLogin(value) &&
  (value["deviceName"] === null || typeof value["deviceName"] === "string") &&
  (value["fingerprint"] === null || isFingerprint(value["fingerprint"]));

const isLogin = ({ accessToken, certificate, key }: JsonObject): boolean =>
  isText(accessToken) || (isText(certificate) && (key === null || isText(key)));

const isText = (value: Json | undefined) => typeof value === "string" && value !== "";

const isFormer = (value: Json): value is FormerCredentials & JsonObject =>
  isCredentials(value) && reasons.some((reason) => reason === value["reason"]);

const isFingerprint = (value: Json | undefined): value is Fingerprint & JsonObject =>
  isJsonObject(value) &&
  ["serial", "mac", "machine-id"].some((source) => source === value["source"]) &&
  typeof value["value"] === "string";
