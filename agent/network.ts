/** The way to the server, below CoAP: UDP, DTLS, or the in-memory network of the tests. */

export interface SocketAddress {
  /** An IP literal; a link-local IPv6 address keeps its zone: "fe80::1%eth0". */
  readonly host: string;
  readonly port: number;
}

/** What a board shows in a DTLS handshake. */
export interface OwnCertificate {
  /** PEM; its chain may follow it. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

/** Certificates that this device may show. */
export interface DeviceCertificates {
  /** PEM of the one that the operator has handed over, without its chain; null: none. @throws AgentError `refused` */
  handed(): string | null;
  /** A new key on P-256, and a certificate that it has signed itself; valid for ever, whatever the clock says. */
  make(commonName: string): Promise<OwnCertificate>;
}

/** Datagrams to and from one peer: UDP, DTLS, or the in-memory network in tests. */
export interface DatagramChannel extends Disposable {
  /** An earlier session was taken up again: of what the peer learns in a full handshake it may know nothing. */
  readonly isResumed?: boolean;
  /** The peer knows us by a certificate, which it has looked up in the handshake and does not look up again. */
  readonly isIdentified?: boolean;
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
  /** A new socket on a fresh ephemeral port, connected to one address. Rejects with an error that has `code`. `own`: see above. */
  connect(
    address: SocketAddress,
    events: ChannelEvents,
    own?: OwnCertificate | null,
  ): Promise<DatagramChannel>;
  /** The next connection takes nothing up from an earlier one. */
  forget?(): void;
  /** `connect` can show a certificate of ours: there is a handshake. */
  readonly showsCertificates?: true;
}
