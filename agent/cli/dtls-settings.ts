import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { DtlsSettings } from "../dtls/network.ts";
import { AgentError } from "../errors.ts";
import type { OwnCertificate } from "../ports.ts";
import { handedCertificate } from "./device-certificates.ts";

/**
 * What [server] says of DTLS, and the certificates that it names; `own` where it names none of this device.
 * @throws AgentError `config`, `refused`
 */
export function dtlsSettings(
  config: Config,
  host: string,
  own: OwnCertificate | null,
): DtlsSettings {
  const { server } = config;
  return {
    serverName: server.server_name ?? host,
    anchors: server.ca_file === null ? systemStore() : readAnchors(server.ca_file),
    verify: !server.insecure_skip_verify,
    pin: server.pin_sha256,
    own: handedCertificate(config) ?? own,
  };
}

/** From a file and a folder of links to its parts, so each comes several times. */
const systemStore = () => {
  // Asked for here: Node's TLS is 1.5 MB that an agent without DTLS does not need.
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...new Set(getCACertificates("system"))].join("\n");
};

/** @throws AgentError `config` */
function readAnchors(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError("config", `ca_file cannot be read: ${why}`, {
      cause,
      code: "P067",
      hint: `give the path of a certificate (PEM) that the user of the service may read: ls -l ${path}`,
    });
  }
}
