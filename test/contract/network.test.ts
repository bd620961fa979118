import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../agent/platform/clock.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { ChannelEvents, Network, SocketAddress } from "../../agent/ports.ts";
import { memoryNetwork } from "../support/memory-network.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";

/** A stand-in for the far end: `echo` answers every datagram with itself. */
interface Rig extends AsyncDisposable {
  readonly network: Network;
  readonly host: string;
  /** Ports from which the echo host was spoken to, in order. */
  readonly seenPorts: number[];
  echo(port?: number): Promise<SocketAddress & AsyncDisposable>;
  /** Sends one datagram to our socket from an address that is not its peer. */
  spoof(toPort: number, datagram: Uint8Array): Promise<void>;
}

function udpRig(host: string): Rig {
  const type = host.includes(":") ? "udp6" : "udp4";
  const sockets = new Set<Socket>();
  const seenPorts: number[] = [];
  const bind = async (port: number) => {
    const socket = createSocket(type);
    sockets.add(socket);
    socket.bind(port, host);
    await once(socket, "listening");
    return socket;
  };
  const close = async (socket: Socket) => {
    sockets.delete(socket);
    socket.close();
    await once(socket, "close");
  };
  return {
    network: udpNetwork,
    host,
    seenPorts,
    async echo(port = 0) {
      const socket = await bind(port);
      socket.on("message", (datagram, from) => {
        seenPorts.push(from.port);
        socket.send(datagram, from.port, from.address);
      });
      return {
        host,
        port: socket.address().port,
        [Symbol.asyncDispose]: () => close(socket),
      };
    },
    async spoof(toPort, datagram) {
      const socket = await bind(0);
      await new Promise<void>((resolve, reject) =>
        socket.send(datagram, toPort, host, (error) => (error ? reject(error) : resolve())),
      );
      await close(socket);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...sockets].map(close));
    },
  };
}

function memoryRig(): Rig {
  const network = memoryNetwork({ clock: systemClock, random: seededRandom(chosenSeed()) });
  const host = "127.0.0.1";
  const seenPorts: number[] = [];
  let nextPort = 5683;
  return {
    network,
    host,
    seenPorts,
    async echo(port = nextPort++) {
      const listener = network.listen({ host, port }, (datagram, reply, from) => {
        seenPorts.push(from.port);
        reply(datagram);
      });
      return { host, port, [Symbol.asyncDispose]: async () => listener[Symbol.dispose]() };
    },
    async spoof(toPort, datagram) {
      const victim = network.channels.find(({ local }) => local.port === toPort);
      if (!victim) throw new Error(`no socket on port ${toPort}`);
      network.inject({ host, port: 6666 }, victim.local, datagram);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Events in order, and a way to wait for the next one. */
function recorder() {
  const seen: string[] = [];
  let wake = () => {};
  const note = (line: string) => {
    seen.push(line);
    wake();
  };
  const events: ChannelEvents = {
    received: (datagram) => note(`received ${Buffer.from(datagram).toString("latin1")}`),
    failed: (code) => note(`failed ${code}`),
    closed: (code) => note(`closed ${code}`),
  };
  const until = async (line: string) => {
    while (!seen.includes(line)) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { events, seen, until };
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

describe.each([
  { name: "UDP over IPv4", open: () => udpRig("127.0.0.1") },
  ...(hasIpv6 ? [{ name: "UDP over IPv6", open: () => udpRig("::1") }] : []),
  { name: "the network in memory", open: memoryRig },
])("$name", ({ open }) => {
  let rig: Rig;
  beforeEach(() => {
    rig = open();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  test("carries a datagram to the peer and the answer back", async () => {
    await using echo = await rig.echo();
    const { events, until } = recorder();
    using channel = await rig.network.connect(echo, events);
    channel.send(bytes("\x40\x01 hello"));
    await until("received \x40\x01 hello");
  });

  test("carries every byte of a datagram of 2048 bytes", async () => {
    await using echo = await rig.echo();
    const sent = Uint8Array.from({ length: 2048 }, (_, index) => index % 251);
    const received = Promise.withResolvers<Uint8Array>();
    const { events } = recorder();
    using channel = await rig.network.connect(echo, { ...events, received: received.resolve });
    channel.send(sent);
    expect(Buffer.from(await received.promise).equals(sent)).toBe(true);
  });

  test("gives every channel a port of its own and keeps it", async () => {
    await using echo = await rig.echo();
    const first = recorder();
    const second = recorder();
    using one = await rig.network.connect(echo, first.events);
    using two = await rig.network.connect(echo, second.events);
    one.send(bytes("a"));
    await first.until("received a");
    two.send(bytes("b"));
    await second.until("received b");
    one.send(bytes("c"));
    await first.until("received c");
    const [a, b, c] = rig.seenPorts;
    expect(a).not.toBe(b);
    expect(c).toBe(a);
  });

  test("hears nobody but its peer", async () => {
    await using echo = await rig.echo();
    const { events, seen, until } = recorder();
    using channel = await rig.network.connect(echo, events);
    channel.send(bytes("one"));
    await until("received one");
    await rig.spoof(rig.seenPorts[0] ?? 0, bytes("spoofed"));
    // Ordered behind the spoofed one on the same socket: had that been heard, it would be in between.
    channel.send(bytes("two"));
    await until("received two");
    expect(seen).toEqual(["received one", "received two"]);
  });

  test("reports a refused datagram by its errno name and works on", async () => {
    const gone = await rig.echo();
    await gone[Symbol.asyncDispose]();
    const { events, seen, until } = recorder();
    using channel = await rig.network.connect(gone, events);
    channel.send(bytes("early"));
    await until("failed ECONNREFUSED");
    await using _back = await rig.echo(gone.port);
    channel.send(bytes("late"));
    await until("received late");
    expect(seen).toEqual(["failed ECONNREFUSED", "received late"]);
  });

  test("reports an oversized datagram as EMSGSIZE and works on", async () => {
    await using echo = await rig.echo();
    const { events, until } = recorder();
    using channel = await rig.network.connect(echo, events);
    channel.send(new Uint8Array(70_000));
    await until("failed EMSGSIZE");
    channel.send(bytes("small"));
    await until("received small");
  });

  test("never calls back from within send", async () => {
    await using echo = await rig.echo();
    const { events, seen, until } = recorder();
    using channel = await rig.network.connect(echo, events);
    channel.send(bytes("x"));
    channel.send(new Uint8Array(70_000));
    expect(seen).toEqual([]);
    await until("received x");
    await until("failed EMSGSIZE");
  });

  test("says nothing after its disposal, and takes sends and a second disposal in silence", async () => {
    await using echo = await rig.echo();
    const { events, seen } = recorder();
    const channel = await rig.network.connect(echo, events);
    channel.send(bytes("answered too late"));
    channel[Symbol.dispose]();
    channel.send(bytes("sent too late"));
    channel[Symbol.dispose]();
    const other = recorder();
    using witness = await rig.network.connect(echo, other.events);
    witness.send(bytes("round trip"));
    await other.until("received round trip");
    expect(seen).toEqual([]);
  });

  test("rejects a connect to port 70000 with a code", async () => {
    const connecting = rig.network.connect({ host: rig.host, port: 70_000 }, recorder().events);
    await expect(connecting).rejects.toMatchObject({ code: "ERR_SOCKET_BAD_PORT" });
  });

  test("rejects a connect to a name: names are for resolve", async () => {
    const connecting = rig.network.connect({ host: "localhost", port: 5683 }, recorder().events);
    await expect(connecting).rejects.toMatchObject({ code: "EINVAL" });
  });

  test.each(["127.0.0.1", "::1", "fe80::1%lo"])("resolves %s to itself", async (literal) => {
    expect(await rig.network.resolve(literal)).toEqual([literal]);
  });

  test("resolves localhost to a loopback address", async () => {
    const addresses = await rig.network.resolve("localhost");
    expect(addresses.some((address) => address === "127.0.0.1" || address === "::1")).toBe(true);
  });

  test("rejects an unknown name with a code", async () => {
    // A label over 63 bytes (RFC 1035 §2.3.4) fails in the resolver itself: no traffic, no waiting.
    const resolving = rig.network.resolve(`${"a".repeat(64)}.invalid`);
    await expect(resolving).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});
