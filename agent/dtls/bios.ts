import { NULL, type OpenSsl } from "./openssl.ts";

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
      const certificate = ssl.PEM_read_bio_X509(bio, NULL, NULL, NULL);
      if (certificate === NULL) return index;
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
