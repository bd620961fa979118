import { closeSync, openSync, readSync } from "node:fs";
import type { Random } from "../ports.ts";
import { errnoOf } from "./errno.ts";

/** Drawn together: asking the generator costs the same for eight bytes and for all of these. */
const POOL_BYTES = 512;

/** What getrandom(2) gives: it waits until the kernel's generator is seeded, and never after that (random(4), Linux 5.6). */
const GENERATOR = "/dev/random";

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
  let source: number;
  try {
    source = openSync(GENERATOR, "r");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // A root without devices.
    return process.getBuiltinModule("node:crypto").randomFillSync(bytes);
  }
  try {
    for (let at = 0; at < size; ) {
      const read = readSync(source, bytes, at, size - at, null);
      if (read === 0) throw new Error(`${GENERATOR} ends`);
      at += read;
    }
    return bytes;
  } finally {
    closeSync(source);
  }
}
