import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { buildPipit } from "./contenders.ts";
import { InvalidWindow } from "./window.ts";

export const say = (text: string) => void process.stderr.write(`bench: ${text}\n`);

/**
 * A part of the benchmark: measures in a folder that is gone afterwards. What `measure` resolves to is broken, and is said with
 * `complaint`. The exit code is 1 where something is, and 2 where nothing could be measured.
 */
export async function benchProgram(
  complaint: string,
  measure: (folder: string) => Promise<readonly string[]>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pipit-bench-"));
  try {
    buildPipit();
    const broken = await measure(folder);
    for (const what of broken) say(`${complaint}: ${what}`);
    if (broken.length > 0) process.exitCode = 1;
  } catch (error) {
    say(`no result: ${error instanceof InvalidWindow ? error.message : inspect(error)}`);
    process.exitCode = 2;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
