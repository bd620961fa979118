import { AgentError } from "../errors.ts";
import { bindNative, type Native, textAt } from "../platform/ffi.ts";

/**
 * What Pipit calls of the OpenSSL inside of Node (https://docs.openssl.org/3.5/man3/). Handles are "pointer", bytes
 * "buffer", text "string". Nothing checks a line against the header, and a wrong one crashes the process: keep it short.
 * `long` and `size_t` are 64 bits wide, which holds on x86-64 and arm64.
 */
const table = {
  OpenSSL_version: { arguments: ["i32"], return: "pointer" },
  ERR_get_error: { arguments: [], return: "u64" },
  ERR_reason_error_string: { arguments: ["u64"], return: "pointer" },
  ERR_clear_error: { arguments: [], return: "void" },

  BIO_s_mem: { arguments: [], return: "pointer" },
  BIO_new: { arguments: ["pointer"], return: "pointer" },
  BIO_free: { arguments: ["pointer"], return: "i32" },
  BIO_read: { arguments: ["pointer", "buffer", "i32"], return: "i32" },
  BIO_write: { arguments: ["pointer", "buffer", "i32"], return: "i32" },
  BIO_ctrl: { arguments: ["pointer", "i32", "i64", "pointer"], return: "i64" },
  BIO_ctrl_pending: { arguments: ["pointer"], return: "u64" },

  PEM_read_bio_X509: { arguments: ["pointer", "pointer", "pointer", "buffer"], return: "pointer" },
  PEM_read_bio_PrivateKey: {
    arguments: ["pointer", "pointer", "pointer", "buffer"],
    return: "pointer",
  },
  i2d_X509_bio: { arguments: ["pointer", "pointer"], return: "i32" },
  X509_free: { arguments: ["pointer"], return: "void" },
  EVP_PKEY_free: { arguments: ["pointer"], return: "void" },
  X509_STORE_add_cert: { arguments: ["pointer", "pointer"], return: "i32" },
  X509_STORE_set_flags: { arguments: ["pointer", "u64"], return: "i32" },
  X509_VERIFY_PARAM_set1_ip_asc: { arguments: ["pointer", "string"], return: "i32" },
  X509_verify_cert_error_string: { arguments: ["i64"], return: "pointer" },
  OPENSSL_sk_value: { arguments: ["pointer", "i32"], return: "pointer" },

  DTLS_client_method: { arguments: [], return: "pointer" },
  DTLS_server_method: { arguments: [], return: "pointer" },
  SSL_CTX_new: { arguments: ["pointer"], return: "pointer" },
  SSL_CTX_free: { arguments: ["pointer"], return: "void" },
  SSL_CTX_ctrl: { arguments: ["pointer", "i32", "i64", "pointer"], return: "i64" },
  SSL_CTX_set_verify: { arguments: ["pointer", "i32", "pointer"], return: "void" },
  SSL_CTX_get_cert_store: { arguments: ["pointer"], return: "pointer" },
  SSL_CTX_use_certificate: { arguments: ["pointer", "pointer"], return: "i32" },
  SSL_CTX_use_PrivateKey: { arguments: ["pointer", "pointer"], return: "i32" },
  SSL_CTX_check_private_key: { arguments: ["pointer"], return: "i32" },
  SSL_CTX_set_cipher_list: { arguments: ["pointer", "string"], return: "i32" },

  SSL_new: { arguments: ["pointer"], return: "pointer" },
  SSL_free: { arguments: ["pointer"], return: "void" },
  SSL_set_bio: { arguments: ["pointer", "pointer", "pointer"], return: "void" },
  SSL_set_connect_state: { arguments: ["pointer"], return: "void" },
  SSL_set_accept_state: { arguments: ["pointer"], return: "void" },
  SSL_set_options: { arguments: ["pointer", "u64"], return: "u64" },
  SSL_ctrl: { arguments: ["pointer", "i32", "i64", "pointer"], return: "i64" },
  SSL_set1_host: { arguments: ["pointer", "string"], return: "i32" },
  SSL_set_hostflags: { arguments: ["pointer", "u32"], return: "void" },
  SSL_get0_param: { arguments: ["pointer"], return: "pointer" },
  SSL_do_handshake: { arguments: ["pointer"], return: "i32" },
  SSL_get_error: { arguments: ["pointer", "i32"], return: "i32" },
  SSL_read: { arguments: ["pointer", "buffer", "i32"], return: "i32" },
  SSL_write: { arguments: ["pointer", "buffer", "i32"], return: "i32" },
  SSL_shutdown: { arguments: ["pointer"], return: "i32" },
  SSL_get_verify_result: { arguments: ["pointer"], return: "i64" },
  SSL_get_peer_cert_chain: { arguments: ["pointer"], return: "pointer" },
  SSL_get1_peer_certificate: { arguments: ["pointer"], return: "pointer" },
  SSL_get_current_cipher: { arguments: ["pointer"], return: "pointer" },
  SSL_CIPHER_get_name: { arguments: ["pointer"], return: "pointer" },
  SSL_session_reused: { arguments: ["pointer"], return: "i32" },
  SSL_get1_session: { arguments: ["pointer"], return: "pointer" },
  SSL_set_session: { arguments: ["pointer", "pointer"], return: "i32" },
  PEM_write_bio_SSL_SESSION: { arguments: ["pointer", "pointer"], return: "i32" },
  PEM_read_bio_SSL_SESSION: {
    arguments: ["pointer", "pointer", "pointer", "buffer"],
    return: "pointer",
  },
  SSL_SESSION_free: { arguments: ["pointer"], return: "void" },
} as const;

export type OpenSsl = Native<typeof table>;

export const NULL = 0n;

let bound: OpenSsl | null = null;

/**
 * Bound at the first call, which nobody makes who does not want DTLS.
 * @throws AgentError `config`: this runtime cannot do it. There is no other way, and never one in clear text
 */
export function openSsl(): OpenSsl {
  if (bound !== null) return bound;
  if (process.arch !== "x64" && process.arch !== "arm64")
    throw unavailable(`the processor (${process.arch}) is neither x86-64 nor arm64`);
  const ssl = bindNative(table);
  if (ssl === null) throw unavailable("its node:ffi does not find OpenSSL, or is switched off");
  selfTest(ssl);
  bound = ssl;
  return ssl;
}

/** An experimental interface may change under us: it is believed once it has done a little of everything right. */
function selfTest(ssl: OpenSsl): void {
  const version = textAt(ssl.OpenSSL_version(0)); // "OpenSSL 3.5.8 25 Aug 2026"
  const expected = process.versions["openssl"] ?? "";
  if (!version.startsWith(`OpenSSL ${expected}`))
    throw unavailable(`Node has OpenSSL ${expected}, and what answers is ${version}`);
  const probe = Buffer.from("self-test");
  const back = Buffer.alloc(2 * probe.length);
  const bio = ssl.BIO_new(ssl.BIO_s_mem());
  if (bio === NULL) throw unavailable("OpenSSL has no memory");
  const wrote = ssl.BIO_write(bio, probe, probe.length);
  const read = ssl.BIO_read(bio, back, back.length);
  ssl.BIO_free(bio);
  if (wrote !== probe.length || read !== probe.length || !back.subarray(0, read).equals(probe))
    throw unavailable("OpenSSL does not give back what it was given");
  const context = ssl.SSL_CTX_new(ssl.DTLS_client_method());
  if (context === NULL) throw unavailable("OpenSSL cannot make a DTLS context");
  ssl.SSL_CTX_free(context);
}

const unavailable = (why: string) =>
  new AgentError("config", `coaps:// does not work with this Node: ${why}`, {
    code: "P068",
    hint: "use the executable as it is built (Node 26 on x86-64 or arm64): npm run build; clear text is never a way out",
  });

/** The oldest of the queue's errors in OpenSSL's words, "certificate verify failed"; empties the queue. */
export function takeReason(ssl: OpenSsl): string {
  const reasons: string[] = [];
  for (let code = ssl.ERR_get_error(); code !== 0n; code = ssl.ERR_get_error())
    reasons.push(textAt(ssl.ERR_reason_error_string(code)) || `error ${code.toString(16)}`);
  return reasons[0] ?? "no reason given";
}
