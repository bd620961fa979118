/**
 * npm run test:heavy [-- --short] [FILE...]
 *
 * Every proof of docs/reliability.md with its full count, and then the page; over an hour. With --short a tenth of each. With
 * file names: those proofs, and no page.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proofLines, reliabilityPage } from "../../build/reliability-page.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pipit-proofs-"));
const proofs = join(folder, "proofs.jsonl");
writeFileSync(proofs, "");
const isShort = process.argv.includes("--short");
const only = process.argv.slice(2).filter((word) => word !== "--short");

const runs = (command: string, args: readonly string[]): boolean => {
  const env = { ...process.env, PIPIT_HEAVY: isShort ? "" : "1", PIPIT_PROOFS: proofs };
  return spawnSync(command, args, { cwd: root, env, stdio: "inherit" }).status === 0;
};

const kills = [join(root, "test/kills/run.ts"), "--kills", isShort ? "50" : "500"];
const suite = ["run", "--config", "test/reliability/vitest.config.ts", ...only];
const killed = only.length > 0 || runs(process.execPath, kills);
const proven = runs(join(root, "node_modules/.bin/vitest"), suite);
if (!killed || !proven) process.exitCode = 1;
else if (only.length === 0) {
  const page = join(root, "docs/reliability.md");
  writeFileSync(page, reliabilityPage(proofLines(proofs), isShort));
  process.stdout.write(`wrote ${page}\n`);
}
rmSync(folder, { recursive: true });
