import type { Random } from "../../agent/ports.ts";
import { createChance } from "../../agent/sandbox/chance.ts";

/** A repeatable stream (mulberry32): the same seed gives the same fractions and bytes. */
export function seededRandom(seed: number): Random {
  const { fraction } = createChance(seed);
  return {
    fraction,
    bytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(fraction() * 256)),
  };
}

/** From PIPIT_TEST_SEED, else new; whoever uses it prints it, so that a failure can be run again. */
export const chosenSeed = (): number =>
  Number(process.env["PIPIT_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
