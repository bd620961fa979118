import { X509Certificate } from "node:crypto";
import { readOut, withMemoryBio } from "./bios.ts";
import { NULL, type OpenSsl } from "./openssl.ts";

/** What the peer has shown, whether or not it was believed: OpenSSL makes it the peer's own only when it was. Null: nothing. */
export function peerCertificate(ssl: OpenSsl, connection: bigint): X509Certificate | null {
  const own = ssl.SSL_get1_peer_certificate(connection);
  if (own !== NULL) {
    try {
      return new X509Certificate(derOf(ssl, own));
    } finally {
      ssl.X509_free(own);
    }
  }
  const chain = ssl.SSL_get_peer_cert_chain(connection);
  const first = chain === NULL ? NULL : ssl.OPENSSL_sk_value(chain, 0);
  return first === NULL ? null : new X509Certificate(derOf(ssl, first));
}

const derOf = (ssl: OpenSsl, certificate: bigint): Uint8Array =>
  withMemoryBio(ssl, "", (bio) => {
    ssl.i2d_X509_bio(bio, certificate);
    return readOut(ssl, bio);
  });
