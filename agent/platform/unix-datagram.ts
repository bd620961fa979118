import { bindNative } from "./ffi.ts";

/** False when the kernel did not take the datagram: nobody listens there, or the listener's queue is full. */
export type SendDatagram = (payload: Uint8Array) => boolean;

// Linux, the same numbers on x86-64 and arm64 (socket(2), send(2)).
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/**
 * struct sockaddr_un (unix(7)): the family in the machine's byte order, which is little-endian on both, then the path.
 * "@name" is an abstract address, written with a NUL in place of the "@".
 */
export function unixAddress(path: string): Uint8Array {
  const bytes = new TextEncoder().encode(`\u0001\u0000${path}`);
  if (path.startsWith("@")) bytes[2] = 0;
  return bytes;
}

/** Node has no Unix datagram sockets of its own. Null where it cannot call libc either. */
export function connectUnixDatagram(path: string): SendDatagram | null {
  const libc = bindNative({
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    sendto: { arguments: ["i32", "buffer", "u64", "i32", "buffer", "u32"], return: "i64" },
  });
  if (libc === null) return null;
  const address = unixAddress(path);
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  // Without DONTWAIT a full queue would stop the event loop.
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return (payload) =>
    libc.sendto(socket, payload, BigInt(payload.length), flags, address, address.length) >= 0;
}
