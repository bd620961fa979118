import { AgentError } from "../errors.ts";
import type { OwnCertificate } from "../ports.ts";
import { askForCertificates } from "./any-client.ts";
import { eachCertificate, NO_PASSPHRASE, withMemoryBio } from "./bios.ts";
import { NULL, type OpenSsl, takeReason } from "./openssl.ts";

export interface ContextSettings {
  /** `accept`: the other end of the same, for the sandbox. */
  readonly role: "connect" | "accept";
  /** PEM: whom we trust, and nobody else. */
  readonly anchors: string;
  /** False: anybody may answer. Of no meaning for "accept", which asks everybody and believes everybody. */
  readonly verify: boolean;
  readonly own: OwnCertificate | null;
}

/** What connections of one kind share; the handle is the owner's, until it is disposed of. */
export interface Context extends Disposable {
  readonly handle: bigint;
}

const DTLS1_2_VERSION = 0xfefdn;
const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
const SSL_SESS_CACHE_OFF = 0n;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const X509_V_FLAG_PARTIAL_CHAIN = 0x80000n;
const SSL_VERIFY_NONE = 0;
const SSL_VERIFY_PEER = 1;

/** What ThingsBoard offers for keys of both kinds, without those that need a lower security level. */
const SUITES = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
].join(":");

const LOOK_INTO =
  "where client_cert and client_key are set, sudo pipit config check names the file; else: sudo pipit provision --reset";

const nobodyTrusted = () =>
  new AgentError("config", "no server can be believed: there is not one trusted certificate", {
    code: "P067",
    hint: "sudo apt install ca-certificates, or give the authority's certificate (PEM) as ca_file in [server]",
  });

/** @throws AgentError `config`: a certificate or key that does not work */
export function createContext(ssl: OpenSsl, settings: ContextSettings): Context {
  const { role, anchors, verify, own } = settings;
  const handle = ssl.SSL_CTX_new(
    role === "connect" ? ssl.DTLS_client_method() : ssl.DTLS_server_method(),
  );
  if (handle === NULL) throw new AgentError("bug", `no DTLS context: ${takeReason(ssl)}`);
  let held = true;
  const context: Context = {
    get handle() {
      // A freed one would be a crash, not an error.
      if (!held) throw new Error("the DTLS context was released");
      return handle;
    },
    [Symbol.dispose]() {
      if (held) ssl.SSL_CTX_free(handle);
      held = false;
    },
  };
  try {
    demand(
      ssl.SSL_CTX_ctrl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, DTLS1_2_VERSION, NULL),
      "DTLS 1.2",
    );
    // A client that comes again brings its session along (a ticket, RFC 5077): nothing is kept for those that do not.
    ssl.SSL_CTX_ctrl(handle, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    demand(ssl.SSL_CTX_set_cipher_list(handle, SUITES), "cipher suites");
    ssl.SSL_CTX_set_verify(handle, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    const store = ssl.SSL_CTX_get_cert_store(handle);
    // Whoever is named in ca_file is trusted, a server or an authority in the middle, too.
    ssl.X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    const trusted = eachCertificate(ssl, anchors, (certificate) =>
      demand(ssl.X509_STORE_add_cert(store, certificate), "a trusted certificate"),
    );
    if (verify && trusted === 0) throw nobodyTrusted();
    if (own) useOwn(own);
    if (role === "accept") askForCertificates(ssl, handle);
  } catch (error) {
    context[Symbol.dispose]();
    throw error;
  }
  return context;

  function demand(result: number | bigint, what: string, hint?: string) {
    if (Number(result) === 1) return;
    throw new AgentError("config", `OpenSSL does not take ${what}: ${takeReason(ssl)}`, {
      code: "P067",
      ...(hint !== undefined && { hint }),
    });
  }

  function useOwn({ certificate, key }: OwnCertificate) {
    const count = eachCertificate(ssl, certificate, (one, index) =>
      demand(
        index === 0
          ? ssl.SSL_CTX_use_certificate(handle, one)
          : ssl.SSL_CTX_ctrl(handle, SSL_CTRL_CHAIN_CERT, 1n, one),
        "the certificate of this board",
        LOOK_INTO,
      ),
    );
    if (count === 0)
      throw new AgentError("config", "there is no certificate in what was handed over", {
        code: "P067",
        hint: `it has to be PEM: -----BEGIN CERTIFICATE-----; ${LOOK_INTO}`,
      });
    withMemoryBio(ssl, key, (bio) => {
      const privateKey = ssl.PEM_read_bio_PrivateKey(bio, NULL, NULL, NO_PASSPHRASE);
      if (privateKey === NULL)
        throw new AgentError("config", `the key cannot be read: ${takeReason(ssl)}`, {
          code: "P067",
          hint: `it has to be PEM, and not encrypted: -----BEGIN PRIVATE KEY-----; ${LOOK_INTO}`,
        });
      const used = ssl.SSL_CTX_use_PrivateKey(handle, privateKey);
      ssl.EVP_PKEY_free(privateKey);
      demand(used, "the key of this board", LOOK_INTO);
      const fits = ssl.SSL_CTX_check_private_key(handle);
      demand(fits, "the key of this board with its certificate", LOOK_INTO);
    });
  }
}
