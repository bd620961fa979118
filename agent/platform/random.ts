import { randomFillSync } from "node:crypto";
import type { Random } from "../ports.ts";

/** Drawn together: asking the generator costs the same for eight bytes and for all of these. */
const POOL_BYTES = 512;

let pool = new Uint8Array(0);

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes(size) {
    if (size > POOL_BYTES) return randomFillSync(new Uint8Array(size));
    if (pool.length < size) pool = randomFillSync(new Uint8Array(POOL_BYTES));
    const bytes = pool.slice(0, size);
    pool = pool.subarray(size);
    return bytes;
  },
};
