import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { AgentError, CLOCK_NOT_SET } from "../errors.ts";
import { type ClockState, certificateTimeError } from "./certificate-time.ts";

export interface Refused {
  /** The peer as people know it: "tb.example.com:5684 (192.0.2.1)". */
  readonly peer: string;
  readonly serverName: string;
  readonly certificate: X509Certificate;
  readonly clock: ClockState;
}

/** X509_V_ERR_… of openssl/x509_vfy.h that have a cure of their own. */
const NOT_YET_VALID = new Set([9, 13]); // and a notBefore that cannot be read
const EXPIRED = new Set([10, 14]); // and a notAfter that cannot be read
const SELF_SIGNED = 18;
const UNKNOWN_ISSUER = new Set([2, 19, 20, 21, 27]); // 19: the chain ends in a root that is not trusted here
const WRONG_NAME = new Set([62, 64]); // host, IP address

/** A stranger's text, of any length, or none: Node gives undefined for an empty name, whatever its types say. */
const LONGEST_NAME = 300;
const text = (name: string | undefined): string =>
  (name ?? "").replaceAll("\n", ", ").slice(0, LONGEST_NAME) || "no name";

/** Why the server's certificate is refused, and the setting that would accept it. `words`: OpenSSL's own words. */
export function certificateRefused(refused: Refused, verdict: number, words: string): AgentError {
  const { peer, serverName, certificate, clock } = refused;
  const whose = `${text(certificate.subject)}, SHA-256 ${fingerprint(certificate)}`;
  const because = (code: string, why: string, hint: string) =>
    new AgentError("transient", `${peer} is not believed: ${why} (${whose})`, { code, hint });

  if (NOT_YET_VALID.has(verdict) || EXPIRED.has(verdict)) {
    const named = certificateTimeError(
      {
        notBeforeMs: certificate.validFromDate.getTime(),
        notAfterMs: certificate.validToDate.getTime(),
      },
      clock,
    );
    // The other one of the chain, which we do not see: OpenSSL's words have to do.
    const why = named?.message ?? `a certificate of its chain is out of time: ${words}`;
    const hint = named?.hint ?? "look at the chain and the clock: timedatectl";
    // Nobody knows yet whether it is the certificate: that is asked again soon, and not ever more seldom.
    if (named !== null && !clock.isTrusted) return because(CLOCK_NOT_SET, why, hint);
    return because(NOT_YET_VALID.has(verdict) ? "P063" : "P062", why, hint);
  }
  if (verdict === SELF_SIGNED)
    return because(
      "P060",
      "its certificate is signed by nobody we trust but itself",
      "if it is your server, give its certificate, or that of its authority, as ca_file in [server]",
    );
  if (UNKNOWN_ISSUER.has(verdict))
    return because(
      "P060",
      `its certificate comes from an authority that is not trusted here, ${text(certificate.issuer)}`,
      "give that authority's certificate as ca_file in [server]; does the server send its whole chain?",
    );
  if (WRONG_NAME.has(verdict))
    return because(
      "P061",
      `its certificate is for ${namesOf(certificate)}, not for ${serverName}`,
      "write the name of the certificate into [server] url, or as server_name",
    );
  return because("P069", words, "whoever runs the server has to mend its certificate");
}

export function pinRefused({ peer, certificate }: Refused, pin: string): AgentError {
  const text = `${peer} is not believed: its certificate has the SHA-256 ${fingerprint(certificate)}, and pin_sha256 is ${pin}`;
  return new AgentError("transient", text, {
    code: "P064",
    hint: "if the server has a new certificate, write its fingerprint as pin_sha256 in [server]",
  });
}

/** SHA-256 of the DER, hexadecimal in lower case. */
export const fingerprint = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(":", "").toLowerCase();

/** Names in the old place only: OpenSSL takes them where there is no DNS name in the new one, and browsers do not. */
export const isNamedByOldField = (certificate: X509Certificate, serverName: string): boolean =>
  isIP(serverName) === 0 && !/\bDNS:/.test(certificate.subjectAltName ?? "");

function namesOf({ subject, subjectAltName }: X509Certificate): string {
  const names = subjectAltName?.replaceAll("IP Address:", "").replaceAll("DNS:", "");
  return text(names ?? /^CN=(.*)$/m.exec(subject ?? "")?.[1]);
}
