/** DTLS records in datagrams (RFC 6347 §4.1): type, version, epoch, sequence number, length, and the fragment. */
const HEADER_BYTES = 13;
const EPOCH_AT = 3;
const LENGTH_AT = 11;

/** Explicit nonce and tag of AES-GCM (RFC 5288 §3): no genuine protected record is shorter. */
const SHORTEST_PROTECTED_BYTES = 8 + 16;

/**
 * Whole records only, and none that is too short to be one. OpenSSL drops forged records in silence, as RFC 6347 §4.1.2.7
 * wants, but for a protected one that is shorter than nonce and tag: that ends the session, and anybody could send it.
 */
export function isPlausible(datagram: Uint8Array): boolean {
  let at = 0;
  while (at < datagram.length) {
    if (datagram.length - at < HEADER_BYTES) return false;
    const length = uint16(datagram, at + LENGTH_AT);
    if (uint16(datagram, at + EPOCH_AT) > 0 && length < SHORTEST_PROTECTED_BYTES) return false;
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
