import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { systemClock } from "../../agent/platform/clock.ts";
import type { SocketAddress } from "../../agent/ports.ts";
import { faultyLink, type LinkFaults, type LinkStats } from "./faulty-link.ts";
import { seededRandom } from "./seeded-random.ts";

export type Direction = "up" | "down";

export interface FaultProxyOptions extends Partial<LinkFaults> {
  readonly upstream: SocketAddress;
  /** The same seed gives the same dice; the order of the datagrams is the machine's. */
  readonly seed: number;
  /** Where the proxy listens: default 127.0.0.1, on a fresh port. */
  readonly host?: string;
  readonly port?: number;
  /** Changes datagrams on their way through, before the faults. */
  readonly rewrite?: (datagram: Uint8Array, direction: Direction) => Uint8Array;
}

export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly stats: Readonly<Record<Direction, Readonly<LinkStats>>>;
  /** Both directions, unless one is named. */
  setFaults(faults: Partial<LinkFaults>, direction?: Direction): void;
  /** The next `count` matching datagrams of that direction are lost. "down" is from the server. */
  dropNext(direction: Direction, count?: number, matches?: (datagram: Uint8Array) => boolean): void;
  /**
   * NAT rebinding: the next datagram of each client leaves from a new port. Like a NAT, the old
   * port takes what still comes to it and says nothing; a closed one would answer with ICMP.
   */
  rebind(): void;
}

/** A lossy UDP proxy on loopback, between a client and a real server. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { upstream, seed, host = "127.0.0.1", port = 0, rewrite = same, ...faults } = options;
  const random = seededRandom(seed);
  const links = {
    up: faultyLink({ clock: systemClock, random, faults }),
    down: faultyLink({ clock: systemClock, random, faults }),
  };
  const front = createSocket(host.includes(":") ? "udp6" : "udp4");
  /** By the client's address; those of before a rebinding are in `retired`. */
  const outbound = new Map<string, Socket>();
  const retired = new Set<Socket>();
  let closed = false;
  let failure: Error | undefined;

  const openOutbound = (client: RemoteInfo): Socket => {
    const socket = createSocket(upstream.host.includes(":") ? "udp6" : "udp4");
    // Not the server's absence (an unconnected socket is not told of it) but a fault of the rig.
    socket.on("error", (error) => {
      failure ??= error;
    });
    socket.on("message", (datagram) => {
      if (retired.has(socket)) return;
      links.down.carry(rewrite(datagram, "down"), (bytes) => {
        if (!closed) front.send(bytes, client.port, client.address);
      });
    });
    return socket;
  };

  front.on("message", (datagram, client) => {
    const key = `${client.address} ${client.port}`;
    links.up.carry(rewrite(datagram, "up"), (bytes) => {
      if (closed) return;
      const socket = outbound.get(key) ?? openOutbound(client);
      outbound.set(key, socket);
      socket.send(bytes, upstream.port, upstream.host);
    });
  });
  front.bind(port, host);
  await once(front, "listening");

  return {
    host,
    port: front.address().port,
    stats: { up: links.up.stats, down: links.down.stats },
    setFaults(changed, direction) {
      if (direction !== "down") links.up.setFaults(changed);
      if (direction !== "up") links.down.setFaults(changed);
    },
    dropNext: (direction, count, matches) => links[direction].dropNext(count, matches),
    rebind() {
      for (const socket of outbound.values()) retired.add(socket);
      outbound.clear();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      links.up[Symbol.dispose]();
      links.down[Symbol.dispose]();
      const sockets = [front, ...outbound.values(), ...retired];
      await Promise.all(
        sockets.map((socket) => {
          const gone = once(socket, "close");
          socket.close();
          return gone;
        }),
      );
      if (failure) throw failure;
    },
  };
}

const same = (datagram: Uint8Array) => datagram;
