import { createSocket, type RemoteInfo } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import type { ChannelEvents, DatagramChannel, Network, SocketAddress } from "../ports.ts";
import { errnoOf } from "./errno.ts";

/** Errors after which this socket never works again; all others are about one datagram or one moment. */
const FATAL: ReadonlySet<string> = new Set([
  "EBADF",
  "ENOTSOCK",
  "ENOTCONN",
  "ERR_SOCKET_DGRAM_NOT_CONNECTED",
  "ERR_SOCKET_DGRAM_NOT_RUNNING",
]);

/**
 * The kernel's UDP. `connect` rejects with the system's error: ENETUNREACH, EADDRNOTAVAIL, EMFILE,
 * ERR_SOCKET_BAD_PORT; with EINVAL for a host that is no IP literal, because a name is for `resolve`.
 */
export const udpNetwork: Network = {
  async resolve(host) {
    if (isIP(host) !== 0) return [host];
    // getaddrinfo's own order is RFC 6724's, which knows this machine's routes; we do not sort again.
    const addresses = await lookup(host, { all: true, order: "verbatim" });
    return addresses.map(({ address }) => address);
  },
  connect: connectUdp,
};

async function connectUdp(
  { host, port }: SocketAddress,
  events: ChannelEvents,
): Promise<DatagramChannel> {
  if (isIP(host) === 0)
    throw Object.assign(new Error(`"${host}" is not an IP address`), { code: "EINVAL" });
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  let open = false;

  // Node throws an `error` event without a listener, so this one stays from here to after `close`.
  socket.on("error", (error) => fail(codeOf(error)));

  const close = () => {
    open = false;
    socket.close();
  };
  const fail = (code: string) => {
    if (!open) return;
    if (!FATAL.has(code)) return events.failed(code);
    close();
    events.closed(code);
  };

  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
      // Binds to a fresh ephemeral port first.
      socket.connect(port, host);
    });
  } catch (error) {
    close();
    throw error;
  }

  const peer = socket.remoteAddress();
  // The kernel filters only from connect() on; what came between bind() and connect() is still queued.
  const isPeer = (from: RemoteInfo) => from.port === peer.port && from.address === peer.address;
  socket.on("message", (datagram, from) => {
    if (open && isPeer(from)) events.received(datagram);
  });
  open = true;

  return {
    send(datagram) {
      if (!open) return;
      try {
        socket.send(datagram, (error) => {
          if (error) fail(codeOf(error));
        });
      } catch (error) {
        // Never from within send(): the caller may be in the middle of its own bookkeeping.
        queueMicrotask(() => fail(codeOf(error)));
      }
    },
    [Symbol.dispose]() {
      if (open) close();
    },
  };
}

/** "ECONNREFUSED" of `Error: recvmsg ECONNREFUSED`. */
const codeOf = (error: unknown): string => errnoOf(error) ?? "UNKNOWN";
