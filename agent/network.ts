/** The way to the server, below CoAP: UDP, DTLS, or the in-memory network of the tests. */

export interface SocketAddress {
  /** An IP literal; a link-local IPv6 address keeps its zone: "fe80::1%eth0". */
  readonly host: string;
  readonly port: number;
}

/** Datagrams to and from one peer: UDP, DTLS, or the in-memory network in tests. */
export interface DatagramChannel extends Disposable {
  /** An earlier session was taken up again: of what the peer learns in a full handshake it may know nothing. */
  readonly isResumed?: boolean;
  /** Never throws. A datagram that could not be sent is reported through `ChannelEvents.failed`. */
  send(datagram: Uint8Array): void;
}

export interface ChannelEvents {
  /** One datagram of the connected peer, and of nobody else. The bytes belong to the receiver. */
  received(datagram: Uint8Array): void;
  /** A send or receive error by its errno name ("ECONNREFUSED"); the channel may still work. */
  failed(code: string): void;
  /** The channel is dead and has released its socket; nothing follows. */
  closed(code: string): void;
}

export interface Network {
  /** Addresses of a name, best first; an IP literal resolves to itself. May hang: keep a deadline. */
  resolve(host: string): Promise<readonly string[]>;
  /** A new socket on a fresh ephemeral port, connected to one address. Rejects with an error that has `code`. */
  connect(address: SocketAddress, events: ChannelEvents): Promise<DatagramChannel>;
  /** The next connection takes nothing up from an earlier one. */
  forget?(): void;
}
