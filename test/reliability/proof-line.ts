import { appendFileSync } from "node:fs";

/** What a proof saw; docs/reliability.md is made of these. */
export interface ProofLine {
  /** A key of `faults`. */
  readonly row: string;
  /** Of the proof: a row may have several. */
  readonly name: string;
  readonly result: string;
  readonly seed: number;
}

/** Prints it, and appends it to the file that PIPIT_PROOFS names. */
export function keepProof(line: ProofLine): void {
  process.stdout.write(`fault ${line.row}: ${line.result} (seed ${line.seed})\n`);
  const file = process.env["PIPIT_PROOFS"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
