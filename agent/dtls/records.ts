/** DTLS records in datagrams (RFC 6347 §4.1): type, version, epoch, sequence number, length, and the fragment. */
const HEADER_BYTES = 13;
const VERSION_AT = 1;
const EPOCH_AT = 3;
const LENGTH_AT = 11;

const DTLS1_2 = 0xfefd;
/** What a server may write into its first records (RFC 6347 §4.2.1). */
const DTLS1_0 = 0xfeff;

/** Explicit nonce and tag of AES-GCM (RFC 5288 §3): no genuine protected record is shorter. */
const SHORTEST_PROTECTED_BYTES = 8 + 16;
/** A full record, and what AES-GCM adds to it at most; OpenSSL's own bound lies above. */
const LONGEST_BYTES = 16_384 + 256;

/**
 * Whole records only, and each of them such as OpenSSL reads on from at the right place. It drops forged records in silence,
 * as RFC 6347 §4.1.2.7 wants, with two exceptions by which anybody could end the session: a protected record that is shorter
 * than nonce and tag, and what looks like one where the body of a record lies whose header it did not like.
 */
export function isPlausible(datagram: Uint8Array, isSecure: boolean): boolean {
  let at = 0;
  while (at < datagram.length) {
    if (datagram.length - at < HEADER_BYTES) return false;
    const version = uint16(datagram, at + VERSION_AT);
    const isProtected = uint16(datagram, at + EPOCH_AT) > 0;
    const length = uint16(datagram, at + LENGTH_AT);
    const isOldHello = version === DTLS1_0 && !isProtected && !isSecure;
    if (version !== DTLS1_2 && !isOldHello) return false;
    if (length > LONGEST_BYTES || (isProtected && length < SHORTEST_PROTECTED_BYTES)) return false;
    at += HEADER_BYTES + length;
  }
  return at === datagram.length && at > 0;
}

/** What OpenSSL wrote one after the other, cut between records: as many in each datagram as fit, a larger one alone. */
export function* datagramsOf(records: Uint8Array, mtuBytes: number): Generator<Uint8Array> {
  let start = 0;
  let end = 0;
  while (end + HEADER_BYTES <= records.length) {
    const next = end + HEADER_BYTES + uint16(records, end + LENGTH_AT);
    if (next - start > mtuBytes && end > start) {
      yield records.subarray(start, end);
      start = end;
    }
    end = next;
  }
  if (end > start) yield records.subarray(start, end);
}

const uint16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
