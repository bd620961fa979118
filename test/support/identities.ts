import {
  type Credentials,
  type FormerCredentials,
  hasToken,
  type Identity,
} from "../../agent/credentials.ts";

export const credentialsOf = (accessToken: string): Credentials => ({
  server: "tb.example.com",
  fingerprint: { source: "serial", value: "10000000abcdef01" },
  deviceName: "rpi-abcdef01",
  accessToken,
});

/** Undefined where there are none, or a certificate. */
export const tokenOf = (credentials: Credentials | null | undefined): string | undefined =>
  credentials && hasToken(credentials) ? credentials.accessToken : undefined;

const former = (accessToken: string, reason: FormerCredentials["reason"]): FormerCredentials => ({
  ...credentialsOf(accessToken),
  reason,
});

const empty: Identity = { claim: null, active: null, kept: [] };
const claimed: Identity = { ...empty, claim: credentialsOf("first") };
const active: Identity = { ...empty, active: credentialsOf("first") };
const rotating: Identity = { ...active, claim: credentialsOf("second") };
const rotated: Identity = {
  claim: null,
  active: credentialsOf("second"),
  kept: [former("first", "revoked")],
};
const released: Identity = {
  ...empty,
  kept: [former("second", "reset"), former("first", "revoked")],
};
const many = Array.from({ length: 7 }, (_, index) => former(`token-${index}`, "server"));

/** What becomes of an identity in a long life, one save after the other. */
export const lifeOfIdentity: readonly Identity[] = [
  claimed,
  active,
  rotating,
  rotated,
  released,
  { ...released, claim: credentialsOf("third") },
  { ...released, active: credentialsOf("third") },
  { ...empty, active: credentialsOf("third"), kept: many },
  { ...empty, active: credentialsOf("fourth"), kept: many },
  active,
];
