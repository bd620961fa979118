import type { Random } from "../../agent/ports.ts";

/** A repeatable stream (mulberry32): the same seed gives the same fractions and bytes. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    bytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(fraction() * 256)),
  };
}

/** From PIPIT_TEST_SEED, else new; whoever uses it prints it, so that a failure can be run again. */
export const chosenSeed = (): number =>
  Number(process.env["PIPIT_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
