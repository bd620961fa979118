import { AgentError } from "../errors.ts";
import { NULL, type OpenSsl, takeReason } from "./openssl.ts";

/** Without a passphrase, if only an empty one, OpenSSL would ask for it on the terminal, and wait. */
export const NO_PASSPHRASE = Buffer.from("\0");

const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;

/** Bytes in memory, of which more may come: empty means "later", not "at its end". */
export function retryingBio(ssl: OpenSsl): bigint {
  const bio = newBio(ssl);
  ssl.BIO_ctrl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1n, NULL);
  return bio;
}

function newBio(ssl: OpenSsl): bigint {
  const bio = ssl.BIO_new(ssl.BIO_s_mem());
  // A handle of 0 would be a crash, not an error.
  if (bio === NULL) throw new Error("OpenSSL has no memory");
  return bio;
}

/** Text as OpenSSL reads it: a "BIO" in memory, which is gone afterwards. */
export function withMemoryBio<T>(ssl: OpenSsl, text: string, use: (bio: bigint) => T): T {
  const bio = newBio(ssl);
  try {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) ssl.BIO_write(bio, bytes, bytes.length);
    return use(bio);
  } finally {
    ssl.BIO_free(bio);
    // Whoever reads on to the end finds no further object, which OpenSSL notes as an error.
    ssl.ERR_clear_error();
  }
}

/** Hands over each certificate of a PEM text and takes it back; how many there were. */
export function eachCertificate(
  ssl: OpenSsl,
  pem: string,
  use: (certificate: bigint, index: number) => void,
): number {
  return withMemoryBio(ssl, pem, (bio) => {
    for (let index = 0; ; index++) {
      ssl.ERR_clear_error();
      const certificate = ssl.PEM_read_bio_X509(bio, NULL, NULL, NO_PASSPHRASE);
      if (certificate === NULL) {
        const reason = takeReason(ssl);
        if (/no start line/.test(reason)) return index;
        throw new AgentError("config", `certificate ${index + 1} cannot be read: ${reason}`, {
          code: "P067",
          hint: "look at the file that is named in [server]; each certificate has to be whole: -----BEGIN CERTIFICATE-----",
        });
      }
      try {
        use(certificate, index);
      } finally {
        // Who keeps it has taken a reference of its own.
        ssl.X509_free(certificate);
      }
    }
  });
}

/** All that was written into it. */
export function readOut(ssl: OpenSsl, bio: bigint): Buffer {
  const bytes = Buffer.alloc(Number(ssl.BIO_ctrl_pending(bio)));
  if (bytes.length > 0) ssl.BIO_read(bio, bytes, bytes.length);
  return bytes;
}
