import { durationMs } from "./duration.ts";
import { duration } from "./quantity-kinds.ts";
import { setting } from "./setting.ts";
import { fingerprint, flag, optionalHost, optionalPath, serverUrl } from "./text-kinds.ts";

/** Section [server]: where to, and how it is known to be the right one. */
export const server = {
  meaning: "Where telemetry goes.",
  settings: {
    url: setting({
      kind: serverUrl,
      default: "",
      example: "coaps://tb.example.com",
      meaning: "required; coaps://host[:port] (DTLS 1.2, port 5684) or coap:// (clear text, 5683)",
      details:
        "The ThingsBoard server. An IPv6 address stands in brackets: `coaps://[2001:db8::1]:5684`. " +
        "`coap://` is clear text: everybody on the way can read the access token and the provisioning secret. " +
        "`coaps://` is DTLS 1.2: nothing is sent before the server has shown that it is the one in the URL; see " +
        "[coaps.md](coaps.md). Pipit never falls back to clear text by itself. Credentials belong to the server " +
        "that gave them: with another host the device is unprovisioned there, the old credentials are kept aside, " +
        "and waiting samples stay.",
    }),
    ca_file: setting({
      kind: optionalPath,
      default: null,
      example: "/etc/pipit/ca.pem",
      meaning: "trust this authority alone (PEM); default: those of the system",
      details:
        "Certificates, one after the other, of whom may vouch for the server of a `coaps://` URL; a server's own " +
        "self-signed certificate, too. It is read when a connection is made.",
    }),
    client_cert: setting({
      kind: optionalPath,
      default: null,
      meaning: "certificate of this device (PEM), instead of an access token; needs client_key",
      details:
        "For a `coaps://` server whose device has the credentials X.509. The certificates of its authorities may follow it. " +
        "Pipit logs in with this one and nothing else as long as it is named here; where key and secret are given it provisions " +
        'with it. A board that is to make its own: `credentials_type = "x509"` in [provisioning].',
    }),
    client_key: setting({
      kind: optionalPath,
      default: null,
      meaning: "key of client_cert (PEM, not encrypted); readable by the service and nobody else",
    }),
    server_name: setting({
      kind: optionalHost,
      default: null,
      meaning: "name or address in the server's certificate, where it is not that of the URL",
    }),
    pin_sha256: setting({
      kind: fingerprint,
      default: null,
      meaning: "SHA-256 of the server's certificate, demanded besides all else",
      details:
        "64 hexadecimal digits, with or without colons: `openssl x509 -in server.pem -noout -fingerprint -sha256`. " +
        "A server that gets a new certificate is refused until this is changed.",
    }),
    insecure_skip_verify: setting({
      kind: flag,
      default: false,
      meaning: "true: believe whoever answers; for a bench, never for the field",
      details:
        "The only way to do without verification; it is told at every start, and `pipit config check --strict` " +
        "refuses it. `pin_sha256` counts all the same.",
    }),
    ack_timeout: setting({
      kind: duration(durationMs("100ms"), durationMs("60s")),
      default: durationMs("2s"),
      meaning: "first retransmission; 4 retransmissions, doubling",
      details:
        "ACK_TIMEOUT of RFC 7252 §4.8. Raise it on links with a round trip of more than a second (satellite, " +
        "NB-IoT); below 1s a slow server sees every request twice.",
    }),
  },
};
