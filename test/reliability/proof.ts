import { it } from "vitest";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";
import type { FaultId } from "./faults.ts";
import { keepProof } from "./proof-line.ts";

export interface Proof {
  /** Of everything random in it; PIPIT_TEST_SEED=N repeats it. */
  readonly seed: number;
  readonly random: ReturnType<typeof seededRandom>;
  /** The full count in `npm run test:heavy`, else a tenth of it, at least 20. */
  count(full: number): number;
}

const isHeavy = process.env["PIPIT_HEAVY"] === "1";

/**
 * A test that stands for a row of docs/reliability.md. `body` returns what it saw, in figures: "200 cuts, 0 lost". It is
 * printed, and kept in the file that PIPIT_PROOFS names. One row may have several proofs.
 */
export function proof(row: FaultId, name: string, body: (proof: Proof) => Promise<string>): void {
  it(`fault ${row}: ${name}`, async () => {
    const seed = chosenSeed();
    const count = (full: number) => (isHeavy ? full : Math.min(full, Math.max(20, full / 10)));
    const result = await body({ seed, random: seededRandom(seed), count }).catch((error: Error) => {
      error.message += `${bothOf(error)} (PIPIT_TEST_SEED=${seed})`;
      throw error;
    });
    keepProof({ row: String(row), name, result, seed });
  });
}

/** What failed first, and what failed while it was cleared away: the runtime prints neither. */
const bothOf = (error: Error): string =>
  error instanceof SuppressedError
    ? `${error.suppressed}\nthen, clearing away: ${error.error}`
    : "";
