import { AgentError } from "../errors.ts";
import { addressOf, bindNative } from "../platform/ffi.ts";
import type { OpenSsl } from "./openssl.ts";

const table = {
  SSL_CTX_set_cert_verify_callback: {
    arguments: ["pointer", "pointer", "buffer"],
    return: "void",
  },
  SSL_CTX_set_session_id_context: { arguments: ["pointer", "buffer", "u32"], return: "i32" },
} as const;

const SSL_VERIFY_PEER = 1;
/** OpenSSL keeps the address, so it lives as long as the process. */
const DEFAULT_PARAMETERS = Buffer.from("default\0");
/** Without one OpenSSL takes no session up again where clients are asked for certificates. */
const SESSION_CONTEXT = Buffer.from("pipit sandbox");

let bound: ReturnType<typeof bind> | null = null;

function bind() {
  const functions = bindNative(table);
  const accepts = addressOf("X509_STORE_CTX_set_default");
  if (functions !== null && accepts !== null) return { functions, accepts };
  throw new AgentError("config", "this Node's OpenSSL cannot ask clients for certificates", {
    code: "P068",
  });
}

/**
 * For the accepting side: every client is asked for a certificate, may have none, and is believed whatever it shows, as
 * ThingsBoard's endpoint does: which device it is says the certificate alone. OpenSSL wants a function for that which is called
 * for each certificate and returns 1; X509_STORE_CTX_set_default(3) has that shape and does that, and JavaScript is not called
 * from within OpenSSL.
 */
export function askForCertificates(ssl: OpenSsl, context: bigint): void {
  bound ??= bind();
  const { functions, accepts } = bound;
  ssl.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, 0n);
  functions.SSL_CTX_set_cert_verify_callback(context, accepts, DEFAULT_PARAMETERS);
  functions.SSL_CTX_set_session_id_context(context, SESSION_CONTEXT, SESSION_CONTEXT.length);
}
