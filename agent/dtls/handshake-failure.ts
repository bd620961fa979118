import { AgentError } from "../errors.ts";

export interface Silence {
  readonly peer: string;
  readonly afterMs: number;
  /** Datagrams that came from there, and how many of them were no whole DTLS records. */
  readonly heard: number;
  readonly implausible: number;
}

/** The time for a handshake is over. */
export function noHandshake({ peer, afterMs, heard, implausible }: Silence): AgentError {
  const within = `within ${Math.round(afterMs / 1_000)} s`;
  const failed = (message: string, hint: string) =>
    new AgentError("transient", message, { code: "P065", hint });
  if (heard === 0)
    return failed(
      `${peer} does not answer DTLS: nothing came back ${within}`,
      "does the server listen for coaps (5684 unless the URL says otherwise), and does UDP to that port get through a firewall?",
    );
  if (implausible > 0)
    return failed(
      `the DTLS handshake with ${peer} did not end ${within}: ${implausible} of ${heard} datagrams from there were cut or are no DTLS`,
      "something on the way shortens datagrams (a VPN, a tunnel, a firewall), or another protocol answers on that port",
    );
  return failed(
    `the DTLS handshake with ${peer} did not end ${within}: ${heard} datagrams came`,
    "the line loses or delays too much; the agent tries again by itself",
  );
}

/** What OpenSSL says when the peer wants another version, none of our suites, or a certificate of ours. */
export function handshakeRefused(peer: string, reason: string): AgentError {
  const [, why, hint] = ALERTS.find(([pattern]) => pattern.test(reason)) ?? [
    undefined,
    reason,
    "the server's log tells more; it has to speak DTLS 1.2 with an ECDHE suite and AES-GCM",
  ];
  return new AgentError("transient", `the DTLS handshake with ${peer} failed: ${why}`, {
    code: "P066",
    hint,
  });
}

/** By the words of openssl/sslerr.h. */
const ALERTS: readonly (readonly [RegExp, string, string])[] = [
  [
    /protocol version|unsupported protocol|wrong version|wrong ssl version/,
    "it does not speak DTLS 1.2",
    "Pipit speaks DTLS 1.2 and nothing older: switch it on at the server",
  ],
  [
    /handshake failure|no shared cipher|no cipher|insufficient security/,
    "it shares no cipher suite with us, or wants a certificate that this board does not have",
    "at the server allow ECDHE with AES-GCM, and clients without a certificate",
  ],
  [
    /certificate required|peer did not return a certificate/,
    "it wants a certificate of this board",
    "give it one, client_cert and client_key in [server]; or make the client's certificate optional at the server, as it is in ThingsBoard",
  ],
  [
    /alert (bad certificate|unknown ca|certificate unknown|certificate expired|certificate revoked|unsupported certificate)/,
    "it refuses the certificate of this board",
    "does the server trust whoever signed it, and know it as this device's? Has it expired: sudo pipit config check names file and day of client_cert",
  ],
];
