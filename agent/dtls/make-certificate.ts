import { generateKeyPairSync, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { AgentError } from "../errors.ts";
import { bindNative, type Native } from "../platform/ffi.ts";
import type { OwnCertificate } from "../ports.ts";
import { eachCertificate, NO_PASSPHRASE, readOut, withMemoryBio } from "./bios.ts";
import { NULL, openSsl, takeReason } from "./openssl.ts";

/** As in openssl.ts; bound only by whoever makes a certificate. */
const table = {
  X509_new: { arguments: [], return: "pointer" },
  X509_set_version: { arguments: ["pointer", "i64"], return: "i32" },
  X509_get_serialNumber: { arguments: ["pointer"], return: "pointer" },
  ASN1_INTEGER_set_uint64: { arguments: ["pointer", "u64"], return: "i32" },
  X509_getm_notBefore: { arguments: ["pointer"], return: "pointer" },
  X509_getm_notAfter: { arguments: ["pointer"], return: "pointer" },
  ASN1_TIME_set: { arguments: ["pointer", "i64"], return: "pointer" },
  X509_get_subject_name: { arguments: ["pointer"], return: "pointer" },
  X509_set_issuer_name: { arguments: ["pointer", "pointer"], return: "i32" },
  X509_NAME_add_entry_by_txt: {
    arguments: ["pointer", "string", "i32", "buffer", "i32", "i32", "i32"],
    return: "i32",
  },
  X509_set_pubkey: { arguments: ["pointer", "pointer"], return: "i32" },
  X509V3_EXT_conf_nid: { arguments: ["pointer", "pointer", "i32", "string"], return: "pointer" },
  X509_add_ext: { arguments: ["pointer", "pointer", "i32"], return: "i32" },
  X509_EXTENSION_free: { arguments: ["pointer"], return: "void" },
  EVP_sha256: { arguments: [], return: "pointer" },
  X509_sign: { arguments: ["pointer", "pointer", "pointer"], return: "i32" },
  PEM_write_bio_X509: { arguments: ["pointer", "pointer"], return: "i32" },
} as const;

export interface CertificateRequest {
  /** CN of the subject; "": the subject has no name. */
  readonly commonName: string;
  /** Names and IP literals that it is for, as SAN. */
  readonly names: readonly string[];
  /** Unix epoch milliseconds; whole seconds count. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** It may sign others. */
  readonly isAuthority: boolean;
  /** Null: it is signed with its own key. */
  readonly issuer: OwnCertificate | null;
  /** Default: a key on P-256. */
  readonly keyType?: "ec" | "rsa";
}

const MBSTRING_UTF8 = 0x1000;
const NID = { keyUsage: 83, subjectAltName: 85, basicConstraints: 87 } as const;
const VERSION_3 = 2n;

/** A key and its certificate (X.509 v3, RFC 5280), PEM; an issuer's chain is not in it. @throws AgentError `config` without OpenSSL */
export function makeCertificate(request: CertificateRequest): OwnCertificate {
  const ssl = openSsl();
  const x509 = bound();
  const demand = (result: number | bigint, what: string) => {
    if (Number(result) === 0) throw new AgentError("bug", `${what}: ${takeReason(ssl)}`);
  };

  const key = newKey(request.keyType ?? "ec");
  const ownKey = privateKeyOf(key);
  const signer = request.issuer === null ? ownKey : privateKeyOf(request.issuer.key);
  const certificate = x509.X509_new();
  demand(certificate, "X509_new");
  try {
    demand(x509.X509_set_version(certificate, VERSION_3), "version");
    const serial = randomBytes(8).readBigUInt64BE() >> 1n; // positive, RFC 5280 §4.1.2.2
    demand(
      x509.ASN1_INTEGER_set_uint64(x509.X509_get_serialNumber(certificate), serial),
      "serial number",
    );
    const seconds = (ms: number) => BigInt(Math.floor(ms / 1_000));
    const { notBeforeMs, notAfterMs } = request;
    demand(
      x509.ASN1_TIME_set(x509.X509_getm_notBefore(certificate), seconds(notBeforeMs)),
      "notBefore",
    );
    demand(
      x509.ASN1_TIME_set(x509.X509_getm_notAfter(certificate), seconds(notAfterMs)),
      "notAfter",
    );
    const subject = x509.X509_get_subject_name(certificate);
    const name = Buffer.from(request.commonName);
    // An empty name has no parts (RFC 5280 §4.1.2.6).
    if (name.length > 0)
      demand(
        x509.X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, name.length, -1, 0),
        "subject",
      );
    setIssuer(subject);
    demand(x509.X509_set_pubkey(certificate, ownKey), "public key");
    for (const [nid, text] of extensionsOf(request)) add(nid, text);
    demand(x509.X509_sign(certificate, signer, x509.EVP_sha256()), "signature");
    return { certificate: pemOf(), key };
  } finally {
    ssl.X509_free(certificate);
    if (signer !== ownKey) ssl.EVP_PKEY_free(signer);
    ssl.EVP_PKEY_free(ownKey);
  }

  function setIssuer(ownName: bigint) {
    const name = (issuer: bigint) =>
      demand(x509.X509_set_issuer_name(certificate, issuer), "issuer");
    if (request.issuer === null) return name(ownName);
    eachCertificate(ssl, request.issuer.certificate, (one, index) => {
      if (index === 0) name(x509.X509_get_subject_name(one));
    });
  }

  function add(nid: number, text: string) {
    const extension = x509.X509V3_EXT_conf_nid(NULL, NULL, nid, text);
    demand(extension, text);
    const added = x509.X509_add_ext(certificate, extension, -1);
    x509.X509_EXTENSION_free(extension);
    demand(added, text);
  }

  function privateKeyOf(pem: string): bigint {
    return withMemoryBio(ssl, pem, (bio) => {
      const read = ssl.PEM_read_bio_PrivateKey(bio, NULL, NULL, NO_PASSPHRASE);
      demand(read, "private key");
      return read;
    });
  }

  function pemOf(): string {
    return withMemoryBio(ssl, "", (bio) => {
      demand(x509.PEM_write_bio_X509(bio, certificate), "PEM");
      return readOut(ssl, bio).toString("ascii");
    });
  }
}

/** 9999-12-31T23:59:59Z: there is no good date on which a device should end (RFC 5280 §4.1.2.5). */
const NEVER_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
/** Long ago: a board without a clock makes it in 1970, and a server looks at it today. */
const LONG_AGO_MS = Date.UTC(2000, 0, 1);
/** Characters of a common name (RFC 5280, ub-common-name). */
const LONGEST_COMMON_NAME = 64;

/** For a device that is known by this certificate alone: nobody vouches for it, and it does not run out. */
export const makeDeviceCertificate = (commonName: string): OwnCertificate =>
  makeCertificate({
    commonName: [...commonName].slice(0, LONGEST_COMMON_NAME).join(""),
    names: [],
    notBeforeMs: LONG_AGO_MS,
    notAfterMs: NEVER_MS,
    isAuthority: false,
    issuer: null,
  });

function bound(): Native<typeof table> {
  const functions = bindNative(table);
  if (functions === null)
    throw new AgentError("config", "this Node cannot make certificates", { code: "P068" });
  return functions;
}

function* extensionsOf({ names, isAuthority }: CertificateRequest): Generator<[number, string]> {
  yield [NID.basicConstraints, isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE"];
  yield [NID.keyUsage, isAuthority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"];
  const san = names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",");
  if (san !== "") yield [NID.subjectAltName, san];
}

function newKey(type: "ec" | "rsa"): string {
  const { privateKey } =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
