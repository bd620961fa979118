import { generate, parse } from "coap-packet";
import type {
  ChannelEvents,
  DatagramChannel,
  Network,
  OwnCertificate,
  SocketAddress,
} from "../../../agent/ports.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";

export type PeerType = "CON" | "NON" | "ACK" | "RST";

/** One datagram of the client, read by coap-packet's own parser. */
export interface Sent {
  readonly atMs: number;
  readonly type: PeerType;
  /** "0.01" is GET, "0.00" empty. */
  readonly code: string;
  readonly mid: number;
  readonly token: Uint8Array;
  /** Values by the option's name; of a repeated one the last. */
  readonly options: Readonly<Record<string, Uint8Array>>;
  readonly path: string;
  readonly payload: string;
  readonly bytes: Uint8Array;
}

export interface Script {
  readonly type: PeerType;
  readonly code?: string;
  readonly mid: number;
  readonly token?: Uint8Array;
  readonly options?: Readonly<Record<string, number | Uint8Array>>;
  readonly payload?: string | Uint8Array;
}

/** One socket of the client. */
export interface Socket {
  readonly address: SocketAddress;
  /** The certificate that the client shows here. */
  readonly shown: string | null;
  readonly events: ChannelEvents;
  readonly sent: Sent[];
  readonly isClosed: boolean;
  /** The peer says this. */
  deliver(message: Script | Uint8Array): void;
}

export interface ScriptedNetwork extends Omit<Network, "showsCertificates"> {
  showsCertificates?: true;
  readonly sockets: readonly Socket[];
  /** The newest socket. */
  readonly socket: Socket;
  readonly lookups: string[];
  /** Answers every datagram of the client, in the turn after it was sent. */
  onSent: (sent: Sent, socket: Socket) => void;
  resolveWith: (host: string) => Promise<readonly string[]>;
  connectWith: (address: SocketAddress, own: OwnCertificate | null) => Promise<void>;
  /** What later sockets say of themselves: as DTLS would. */
  channelIs: Pick<DatagramChannel, "isResumed" | "isIdentified">;
}

const typeOf = (packet: ReturnType<typeof parse>): PeerType => {
  if (packet.confirmable) return "CON";
  if (packet.ack) return "ACK";
  return packet.reset ? "RST" : "NON";
};

export function read(bytes: Uint8Array, atMs = 0): Sent {
  const packet = parse(Buffer.from(bytes));
  const segments = packet.options.filter(({ name }) => name === "Uri-Path");
  return {
    atMs,
    bytes,
    type: typeOf(packet),
    code: packet.code,
    mid: packet.messageId,
    token: new Uint8Array(packet.token),
    options: Object.fromEntries(
      packet.options.map(({ name, value }) => [name, new Uint8Array(value)]),
    ),
    path: segments.map(({ value }) => value.toString()).join("/"),
    payload: packet.payload.toString(),
  };
}

export const uint = (value: number | Uint8Array): Buffer => {
  if (typeof value !== "number") return Buffer.from(value);
  const hex = value === 0 ? "" : value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
};

export function write({ type, code = "0.00", mid, token, options = {}, payload = "" }: Script) {
  return new Uint8Array(
    generate(
      {
        confirmable: type === "CON",
        ack: type === "ACK",
        reset: type === "RST",
        code,
        messageId: mid,
        token: Buffer.from(token ?? []),
        options: Object.entries(options).map(([name, value]) => ({ name, value: uint(value) })),
        payload: Buffer.from(payload),
      },
      65_507,
    ),
  );
}

/** A network whose only inhabitant is the test. */
export function scriptedNetwork(clock: VirtualClock): ScriptedNetwork {
  const sockets: Socket[] = [];
  const network: ScriptedNetwork = {
    sockets,
    get socket() {
      const newest = sockets.at(-1);
      if (!newest) throw new Error("the client has opened no socket yet");
      return newest;
    },
    lookups: [],
    onSent: () => undefined,
    resolveWith: async () => ["192.0.2.1"],
    connectWith: async () => undefined,
    channelIs: {},

    async resolve(host) {
      network.lookups.push(host);
      return network.resolveWith(host);
    },
    async connect(address, events, own = null) {
      await network.connectWith(address, own);
      let isClosed = false;
      const socket: Socket = {
        address,
        shown: own?.certificate ?? null,
        events,
        sent: [],
        get isClosed() {
          return isClosed;
        },
        deliver: (message) =>
          events.received(message instanceof Uint8Array ? message : write(message)),
      };
      sockets.push(socket);
      return {
        ...network.channelIs,
        send(bytes) {
          if (isClosed) return;
          const sent = read(bytes, clock.monotonic());
          socket.sent.push(sent);
          queueMicrotask(() => network.onSent(sent, socket));
        },
        [Symbol.dispose]() {
          isClosed = true;
        },
      };
    },
  };
  return network;
}
