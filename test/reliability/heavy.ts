/**
 * npm run test:heavy [-- [--short] [--resume RESULTS] [FILE...]]
 *
 * Every proof of docs/reliability.md with its full count, then the page, and then the emulated boards (`npm run test:boards`); over
 * an hour. With --short a tenth of each, and no boards. With file names: those proofs, and no page. Where some have failed the results of the others are kept: once the fault is mended
 * `--resume RESULTS FILE...` repeats those files alone, and writes the page when every row has its proof.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { proofLines, reliabilityPage } from "../../build/reliability-page.ts";

const root = join(import.meta.dirname, "../..");
const { values: options, positionals: only } = parseArgs({
  options: { short: { type: "boolean", default: false }, resume: { type: "string" } },
  allowPositionals: true,
});
const isShort = options.short;
const isResumed = options.resume !== undefined;
const folder = isResumed ? null : mkdtempSync(join(tmpdir(), "pipit-proofs-"));
const proofs = folder === null ? resolve(options.resume ?? "") : join(folder, "proofs.jsonl");
if (folder !== null) writeFileSync(proofs, "");

const runs = (command: string, args: readonly string[]): boolean => {
  const env = { ...process.env, PIPIT_HEAVY: isShort ? "" : "1", PIPIT_PROOFS: proofs };
  return spawnSync(command, args, { cwd: root, env, stdio: "inherit" }).status === 0;
};

const kills = [join(root, "test/kills/run.ts"), "--kills", isShort ? "50" : "500"];
const suite = ["run", "--config", "test/reliability/vitest.config.ts", ...only];
const killed = only.length > 0 || runs(process.execPath, kills);
const proven = runs(join(root, "node_modules/.bin/vitest"), suite);
const isWhole = only.length === 0 || isResumed;
if (!killed || !proven) {
  process.exitCode = 1;
  if (isWhole)
    process.stdout.write(`kept; mend it, then: npm run test:heavy -- --resume ${proofs} FILE...\n`);
} else if (isWhole) {
  const page = join(root, "docs/reliability.md");
  writeFileSync(page, reliabilityPage(proofLines(proofs), isShort));
  process.stdout.write(`wrote ${page}\n`);
}
if (only.length === 0 && !isShort && !runs("npm", ["run", "--silent", "test:boards"]))
  process.exitCode = 1;
if (folder !== null && !(isWhole && process.exitCode === 1)) rmSync(folder, { recursive: true });
