import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { type Peer, peerOf } from "./peer.ts";

export interface CarrierDeps {
  readonly host: string;
  readonly port: number;
  received(datagram: Uint8Array, peer: Peer): void;
  /** A datagram did not leave, or somebody has said that it did not arrive. */
  failed(): void;
}

/** What carries datagrams, without a fault of its own. */
export interface Carrier {
  readonly port: number;
  send(datagram: Uint8Array, peer: Peer): void;
  close(): Promise<void>;
}

/** Rejects with the system's error. */
export type OpenCarrier = (deps: CarrierDeps) => Promise<Carrier>;

/** A socket of the kernel's. */
export const openUdp: OpenCarrier = async ({ host, port, received, failed }) => {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  socket.bind(port, host);
  try {
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on("error", failed);
  socket.on("message", (datagram, info) => received(datagram, peerOf(info)));
  return {
    port: socket.address().port,
    send: (datagram, peer) =>
      socket.send(datagram, peer.port, peer.address, (error) => {
        if (error) failed();
      }),
    async close() {
      socket.close();
      await once(socket, "close");
    },
  };
};
