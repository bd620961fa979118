import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { errnoOf } from "./errno.ts";
import { bindNative } from "./ffi.ts";

/** The calls behind a GPIO line; tests have a chip of their own behind them. */
export interface GpioCalls {
  /** Names of chips: "gpiochip0". */
  chips(): readonly string[];
  /** @throws with `code` */
  open(chip: string): number;
  close(fd: number): void;
  /** False when the kernel refuses; it fills `argument`. */
  ioctl(fd: number, request: bigint, argument: Uint8Array): boolean;
  /** Reads will not wait from now on. */
  setNonBlocking(fd: number): boolean;
  /** Bytes that are there now; none when nothing is. @throws with `code` */
  read(fd: number, size: number): Uint8Array;
}

// fcntl(2), the same on x86-64 and arm64
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

/** Null where this Node cannot call libc. */
export function gpioCalls(): GpioCalls | null {
  const libc = bindNative({
    ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" },
    fcntl: { arguments: ["i32", "i32", "i32"], return: "i32" },
  });
  if (libc === null) return null;
  return {
    chips: () =>
      readdirSync("/dev")
        .filter((name) => /^gpiochip\d+$/.test(name))
        .sort(),
    open: (chip) => openSync(`/dev/${chip}`, "r+"),
    close: closeSync,
    ioctl: (fd, request, argument) => libc.ioctl(fd, request, argument) >= 0,
    setNonBlocking(fd) {
      const flags = libc.fcntl(fd, F_GETFL, 0);
      return flags >= 0 && libc.fcntl(fd, F_SETFL, flags | O_NONBLOCK) >= 0;
    },
    read(fd, size) {
      const buffer = Buffer.alloc(size);
      try {
        return buffer.subarray(0, readSync(fd, buffer, 0, size, null));
      } catch (error) {
        if (errnoOf(error) === "EAGAIN") return buffer.subarray(0, 0);
        throw error;
      }
    },
  };
}
