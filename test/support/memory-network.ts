import { isIP } from "node:net";
import type {
  ChannelEvents,
  Clock,
  DatagramChannel,
  Network,
  Random,
  SocketAddress,
} from "../../agent/ports.ts";
import { type FaultyLink, faultyLink, type LinkFaults } from "./faulty-link.ts";

/** The largest UDP payload over IPv4; the kernel answers more with EMSGSIZE. */
const LARGEST_DATAGRAM_BYTES = 65_507;

export type Reply = (datagram: Uint8Array) => void;
/** A host on the network: is handed every datagram sent to its address. */
export type Peer = (datagram: Uint8Array, reply: Reply, from: SocketAddress) => void;
/** Addresses, an error code to fail with ("ENOTFOUND"), or "hang". */
export type NameAnswer = readonly string[] | string;

export interface MemoryChannel {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** A send or receive error, on a later turn. */
  fail(code: string): void;
  /** The socket dies, on a later turn. */
  kill(code: string): void;
}

export interface MemoryNetwork extends Network {
  /** From the connected sockets to the peers. */
  readonly up: FaultyLink;
  /** From the peers to the connected sockets. */
  readonly down: FaultyLink;
  /** Puts a host on the network until disposed. Nobody at an address means ECONNREFUSED. */
  listen(address: SocketAddress, peer: Peer): Disposable;
  /** Sends from any address, also from one that is not the peer's. */
  inject(from: SocketAddress, to: SocketAddress, datagram: Uint8Array): void;
  /** From now on; whoever hangs on an earlier "hang" is answered by it, too. */
  name(host: string, answer: NameAnswer): void;
  /** While set, `connect` rejects with this code; null ends it. */
  refuseConnect(code: string | null): void;
  /** The look-ups and connects so far, the latest `remembered` of each. */
  readonly lookups: readonly string[];
  readonly connects: readonly SocketAddress[];
  /** Look-ups that have not been answered yet. */
  readonly lookingUp: number;
  /** Sockets open now. */
  readonly channels: readonly MemoryChannel[];
}

/** A network in memory: time from `clock`, misfortune from `random`, so that a run can be repeated. */
export function memoryNetwork(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults?: Partial<LinkFaults>;
  readonly localHost?: string;
  /** Default: all. */
  readonly remembered?: number;
}): MemoryNetwork {
  const { clock, random, remembered = Number.POSITIVE_INFINITY } = deps;
  const up = faultyLink(deps);
  const down = faultyLink(deps);
  const peers = new Map<string, Peer>();
  const names = new Map<string, NameAnswer>([["localhost", ["127.0.0.1"]]]);
  const open = new Map<string, MemoryChannel & { deliver(datagram: Uint8Array): void }>();
  const lookups: string[] = [];
  const connects: SocketAddress[] = [];
  /** By host: ends a look-up that hangs. */
  const hanging = new Map<string, PromiseWithResolvers<void>>();
  let lookingUp = 0;
  let refusal: string | null = null;
  let ephemeralPort = 32_768 + Math.floor(random.fraction() * 20_000);

  const note = <T>(latest: T[], item: T) => {
    latest.push(item);
    if (latest.length > remembered) latest.shift();
  };
  const answerOf = async (host: string): Promise<readonly string[]> => {
    for (;;) {
      const answer = names.get(host) ?? "ENOTFOUND";
      if (typeof answer !== "string") return answer;
      if (answer !== "hang") throw coded(answer, `getaddrinfo ${answer} ${host}`);
      const end = hanging.get(host) ?? Promise.withResolvers<void>();
      hanging.set(host, end);
      await end.promise;
    }
  };

  const inject: MemoryNetwork["inject"] = (from, to, datagram) =>
    down.carry(datagram, (bytes) => {
      const channel = open.get(keyOf(to));
      // A connected socket takes datagrams of its peer alone.
      if (channel && keyOf(channel.remote) === keyOf(from)) channel.deliver(bytes);
    });

  const openChannel = (remote: SocketAddress, events: ChannelEvents): DatagramChannel => {
    const local = { host: deps.localHost ?? "192.0.2.7", port: ephemeralPort++ };
    const key = keyOf(local);
    /** Always on a later turn, and never to a channel that was closed meanwhile. */
    const later = (task: () => void) => void clock.after(0, () => open.has(key) && task());
    const channel = {
      local,
      remote,
      deliver: (datagram: Uint8Array) => events.received(datagram),
      fail: (code: string) => later(() => events.failed(code)),
      kill: (code: string) =>
        later(() => {
          open.delete(key);
          events.closed(code);
        }),
    };
    open.set(key, channel);
    return {
      send(datagram) {
        if (!open.has(key)) return;
        if (datagram.length > LARGEST_DATAGRAM_BYTES) return channel.fail("EMSGSIZE");
        up.carry(datagram, (bytes) => {
          const peer = peers.get(keyOf(remote));
          if (!peer) return channel.fail("ECONNREFUSED");
          peer(bytes, (answer) => inject(remote, local, answer), local);
        });
      },
      [Symbol.dispose]: () => void open.delete(key),
    };
  };

  return {
    up,
    down,
    inject,
    lookups,
    connects,
    get channels() {
      return [...open.values()];
    },
    get lookingUp() {
      return lookingUp;
    },
    listen(address, peer) {
      const key = keyOf(address);
      if (peers.has(key)) throw new Error(`${key} is taken`);
      peers.set(key, peer);
      return { [Symbol.dispose]: () => void peers.delete(key) };
    },
    name(host, answer) {
      names.set(host, answer);
      hanging.get(host)?.resolve();
      hanging.delete(host);
    },
    refuseConnect: (code) => {
      refusal = code;
    },
    async resolve(host) {
      if (isIP(host) !== 0) return [host];
      note(lookups, host);
      lookingUp++;
      try {
        return await answerOf(host);
      } finally {
        lookingUp--;
      }
    },
    async connect(address, events) {
      note(connects, address);
      if (refusal !== null) throw coded(refusal, `connect ${refusal} ${keyOf(address)}`);
      if (isIP(address.host) === 0) throw coded("EINVAL", `"${address.host}" is not an IP address`);
      if (!(address.port > 0 && address.port < 65_536))
        throw coded("ERR_SOCKET_BAD_PORT", `port ${address.port}`);
      return openChannel(address, events);
    },
  };
}

const keyOf = ({ host, port }: SocketAddress) => `${host} ${port}`;
const coded = (code: string, message: string) => Object.assign(new Error(message), { code });
