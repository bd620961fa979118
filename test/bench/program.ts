import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, parseArgs } from "node:util";
import { Busy } from "./calm.ts";
import { buildPipit } from "./contenders.ts";
import { note, type Part, type Results } from "./results.ts";
import { InvalidWindow } from "./window.ts";

export const say = (text: string) => void process.stderr.write(`bench: ${text}\n`);

const { values: given } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    results: { type: "string" },
  },
});

/** What every part is told: the short form, or, of peers.ts, only whom Pipit has to be ahead of and who needs nothing from PyPI. */
export const options: { readonly short: boolean; readonly gate: boolean } = given;

export interface Outcome<Name extends Part> {
  readonly result: Results[Name];
  /** The result in words. */
  readonly table: string;
  /** What must not be. */
  readonly broken: readonly string[];
}

/**
 * A part of the benchmark: measures in a folder that is gone afterwards. Prints the table, with --json the result, and adds that to the
 * file of --results. What is broken is said with `complaint`. The exit code is 1 where something is, and 2 where nothing could be measured.
 */
export async function benchProgram<Name extends Part>(
  part: Name,
  complaint: string,
  measure: (folder: string) => Promise<Outcome<Name>>,
): Promise<void> {
  const { json, results } = given;
  const folder = mkdtempSync(join(tmpdir(), "pipit-bench-"));
  try {
    buildPipit();
    const { result, table, broken } = await measure(folder);
    process.stdout.write(`${json ? JSON.stringify(result) : table}\n`);
    if (results !== undefined) note(results, part, { result });
    for (const what of broken) say(`${complaint}: ${what}`);
    if (broken.length > 0) process.exitCode = 1;
  } catch (error) {
    const isKnown = error instanceof InvalidWindow || error instanceof Busy;
    say(`no result: ${isKnown ? error.message : inspect(error)}`);
    const { message } = error instanceof Error ? error : new Error(inspect(error));
    if (results !== undefined) note(results, part, { notMeasured: message });
    process.exitCode = 2;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
