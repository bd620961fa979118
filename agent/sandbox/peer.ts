/** Where a datagram came from. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** "127.0.0.1:41873", "[::1]:41873" */
  readonly key: string;
}

export const peerOf = ({ address, port }: { address: string; port: number }): Peer => ({
  address,
  port,
  key: address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
});
