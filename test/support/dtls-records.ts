interface DtlsRecord {
  readonly type: number;
  readonly epoch: number;
  readonly fragment: Uint8Array;
}

/** RFC 6347 §4.1. */
function recordsOf(datagram: Uint8Array): DtlsRecord[] {
  const records: DtlsRecord[] = [];
  const uint16 = (at: number) => 256 * (datagram[at] ?? 0) + (datagram[at + 1] ?? 0);
  for (let at = 0; at < datagram.length; ) {
    const end = at + 13 + uint16(at + 11);
    const fragment = datagram.subarray(at + 13, end);
    records.push({ type: datagram[at] ?? -1, epoch: uint16(at + 3), fragment });
    at = end;
  }
  return records;
}

/** Content types of the records in these datagrams: 22 handshake, 23 application data. */
export const recordTypes = (datagrams: readonly Uint8Array[]): number[] =>
  datagrams.flatMap((datagram) => recordsOf(datagram).map(({ type }) => type));

/** Types of the handshake messages in them that are not encrypted (RFC 6347 §4.2.2): 1 ClientHello, 11 Certificate. */
export const handshakeMessages = (datagrams: readonly Uint8Array[]): number[] =>
  datagrams
    .flatMap(recordsOf)
    .filter(({ type, epoch }) => type === 22 && epoch === 0)
    .flatMap(({ fragment }) => {
      const types: number[] = [];
      for (let at = 0; at < fragment.length; ) {
        types.push(fragment[at] ?? -1);
        const [high = 0, middle = 0, low = 0] = fragment.subarray(at + 9, at + 12);
        at += 12 + 65_536 * high + 256 * middle + low;
      }
      return types;
    });
