import { bindNative } from "../../agent/platform/ffi.ts";
import { unixAddress } from "../../agent/platform/unix-datagram.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

export interface NotifySocket extends Disposable {
  /** What has arrived since the last look: a datagram sent by this process is there as soon as it is sent. */
  received(): string[];
}

/** systemd's end: a Unix datagram socket at a path or at an abstract "@name". */
export function listenForNotifications(path: string): NotifySocket {
  const libc = bindNative({
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    recv: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
    close: { arguments: ["i32"], return: "i32" },
  });
  if (libc === null) throw new Error("the pinned Node has no working node:ffi");
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
  const address = unixAddress(path);
  if (libc.bind(socket, address, address.length) !== 0) throw new Error(`bind ${path} failed`);
  return {
    received() {
      const datagrams: string[] = [];
      const buffer = new Uint8Array(4096);
      for (;;) {
        const size = Number(libc.recv(socket, buffer, BigInt(buffer.length), MSG_DONTWAIT));
        if (size < 0) return datagrams;
        datagrams.push(new TextDecoder().decode(buffer.subarray(0, size)));
      }
    },
    [Symbol.dispose]: () => void libc.close(socket),
  };
}
