import { isIP } from "node:net";
import type { OpenSsl } from "./openssl.ts";

const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;

/** Whom the peer's certificate must name, told before the handshake; and SNI (RFC 6066 §3), which is for names only. */
export function expectName(ssl: OpenSsl, connection: bigint, serverName: string): void {
  // A zone ("fe80::1%eth0") is this machine's business, and in no certificate.
  const [address = ""] = serverName.split("%", 1);
  if (isIP(address) !== 0) {
    const taken = ssl.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(connection), address);
    if (taken !== 1) throw new Error(`OpenSSL does not take the address ${address}`);
    return;
  }
  ssl.SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const host = serverName.replace(/\.$/, "");
  // OpenSSL takes "" for "anybody", and a dot in front for "any name below".
  if (host === "" || host.startsWith("."))
    throw new Error(`"${serverName}" is no name of a server`);
  if (ssl.SSL_set1_host(connection, host) !== 1)
    throw new Error(`OpenSSL does not take the name ${host}`);
  ssl.SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0n, Buffer.from(`${host}\0`));
}
