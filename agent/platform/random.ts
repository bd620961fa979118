import { closeSync, openSync, readSync } from "node:fs";
import type { Random } from "../ports.ts";
import { errnoOf } from "./errno.ts";

/** Drawn together: asking the generator costs the same for eight bytes and for all of these. */
const POOL_BYTES = 512;

/** Of the kernel: the first waits until its generator is seeded, the second never does (random(4)). */
const [SEEDED, GENERATOR] = ["/dev/random", "/dev/urandom"];

let isSeeded = false;
let pool = new Uint8Array(0);

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes(size) {
    if (size > POOL_BYTES) return drawn(size);
    if (pool.length < size) pool = drawn(POOL_BYTES);
    const bytes = pool.slice(0, size);
    pool = pool.subarray(size);
    return bytes;
  },
};

/** From the kernel itself: to load node:crypto for it would take 2 MB of memory. */
function drawn(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  try {
    // One byte: before Linux 5.6 more would be waited for again and again.
    if (!isSeeded) fill(SEEDED, new Uint8Array(1));
    isSeeded = true;
    fill(GENERATOR, bytes);
    return bytes;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // A root without devices.
    return process.getBuiltinModule("node:crypto").randomFillSync(bytes);
  }
}

function fill(device: string, bytes: Uint8Array): void {
  const source = openSync(device, "r");
  try {
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(source, bytes, at, bytes.length - at, null);
      if (read === 0) throw new Error(`${device} ends`);
      at += read;
    }
  } finally {
    closeSync(source);
  }
}
