import { type CertificateRequest, makeCertificate } from "../../agent/dtls/make-certificate.ts";

const DAY_MS = 86_400_000;
const nowMs = Date.now();

const plain: Omit<CertificateRequest, "commonName" | "issuer"> = {
  names: ["localhost", "127.0.0.1"],
  notBeforeMs: nowMs - DAY_MS,
  notAfterMs: nowMs + 30 * DAY_MS,
  isAuthority: false,
};
const authorityOf = (commonName: string, issuer: CertificateRequest["issuer"] = null) =>
  makeCertificate({ ...plain, commonName, names: [], isAuthority: true, issuer });

/** An authority, and servers that it vouches for or should not; made once for each test file. */
export function makeCertificates() {
  const authority = authorityOf("Test Authority");
  const other = authorityOf("Other Authority");
  const middle = authorityOf("Test Middle", authority);
  const server = (request: Partial<CertificateRequest> = {}) =>
    makeCertificate({ ...plain, commonName: "localhost", issuer: authority, ...request });
  const leaf = server({ issuer: middle });
  return {
    authority,
    ec: server(),
    rsa: server({ keyType: "rsa" }),
    /** With those between it and the authority. */
    chain: { ...leaf, certificate: leaf.certificate + middle.certificate },
    wrongName: server({ commonName: "other.example", names: ["other.example"] }),
    onlyCommonName: server({ names: [] }),
    expired: server({ notBeforeMs: nowMs - 20 * DAY_MS, notAfterMs: nowMs - 9.5 * DAY_MS }),
    future: server({ notBeforeMs: nowMs + 10 * DAY_MS, notAfterMs: nowMs + 20 * DAY_MS }),
    unknownAuthority: server({ issuer: other }),
    impostor: server({ issuer: null }),
    nameless: server({ commonName: "", issuer: null }),
    namelessExpired: server({
      commonName: "",
      notBeforeMs: nowMs - 20 * DAY_MS,
      notAfterMs: nowMs - 9.5 * DAY_MS,
    }),
    /** The authority in between, which vouches for `chain`. */
    middle,
    client: makeCertificate({ ...plain, commonName: "board", names: [], issuer: authority }),
  };
}

export type Certificates = ReturnType<typeof makeCertificates>;
