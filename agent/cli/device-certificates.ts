import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { parseServerUrl } from "../config/server-url.ts";
import { AgentError, noCertificates } from "../errors.ts";
import type { DeviceCertificates, OwnCertificate } from "../ports.ts";
import { pemCertificates } from "./pem.ts";

/** What the configuration says of certificates of this device, and a new one where it has none. */
export const deviceCertificates = ({ server }: Config): DeviceCertificates => ({
  handed() {
    const { client_cert: certificate, client_key: key } = server;
    if (certificate === null && key === null) return null;
    if (isPlain(server.url)) throw noCertificates();
    if (certificate === null || key === null) throw halfGiven();
    return firstOf(readPem("client_cert", certificate));
  },
  async make(commonName) {
    if (isPlain(server.url)) throw noCertificates();
    // Imported when asked for: most boards log in with a token, and need no OpenSSL.
    const { makeDeviceCertificate } = await import("../dtls/make-certificate.ts");
    return makeDeviceCertificate(commonName);
  },
});

const isPlain = (url: string) => parseServerUrl(url).scheme === "coap";

const halfGiven = () =>
  new AgentError(
    "refused",
    "client_cert and client_key count only together, and one of them is missing or wrong",
    {
      code: "P035",
      hint: "give the paths of both in [server], or of none; pipit config check",
    },
  );

/** With its chain, and its key. Null: none is configured. @throws AgentError `refused` */
export function handedCertificate({ server }: Config): OwnCertificate | null {
  if (server.client_cert === null || server.client_key === null) return null;
  return {
    certificate: readPem("client_cert", server.client_cert),
    key: readPem("client_key", server.client_key),
  };
}

/** The device's own comes before those of its authorities. */
function firstOf(pem: string): string {
  const [first] = pemCertificates(pem);
  if (first !== undefined) return `${first}\n`;
  throw new AgentError("refused", "there is no certificate in the file of client_cert", {
    code: "P035",
    hint: "it has to be PEM: -----BEGIN CERTIFICATE-----. To make PEM of DER: openssl x509 -inform DER -in FILE -out FILE.pem",
  });
}

function readPem(setting: "client_cert" | "client_key", path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError("refused", `${setting} cannot be read: ${why}`, {
      cause,
      code: "P035",
      hint: `the user of the service has to be able to read it: sudo chgrp pipit ${path} && sudo chmod 640 ${path}`,
    });
  }
}
