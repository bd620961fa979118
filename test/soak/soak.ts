/**
 * npm run soak [-- [--minutes 10] [--interval 1s] [--seed N] [--json]]
 *
 * The executable against the sandbox through a proxy that makes bad weather; looked at from outside. Exits 1 when a limit is broken, 2
 * when one could not be told. docs/soak.md
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, parseArgs } from "node:util";
import { buildPipit } from "../bench/contenders.ts";
import { courseOf } from "./course.ts";
import { hadChildren, settledOf } from "./settled.ts";
import { EndedByItself, runSoak } from "./soak-run.ts";
import { soakTable } from "./table.ts";
import { exitCodeOf, judge, verdictText } from "./verdict.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    interval: { type: "string", default: "1s" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    json: { type: "boolean", default: false },
  },
});

function wholeNumber(name: "minutes" | "interval" | "seed", unit = ""): number {
  const text = options[name];
  const number = Number(new RegExp(`^(\\d{1,9})${unit}$`).exec(text)?.[1] ?? Number.NaN);
  if (number > 0 || (number === 0 && name === "seed")) return number;
  const takes = `a whole number${unit && ` and "${unit}"`}`;
  process.stderr.write(`soak: --${name} takes ${takes}, not "${text}"\n`);
  process.exit(64);
}

const minutes = wholeNumber("minutes");
const intervalMs = wholeNumber("interval", "s") * 1_000;
const seed = wholeNumber("seed");
const say = (text: string) => void (options.json || process.stdout.write(`${text}\n`));

async function soak(folder: string): Promise<number> {
  buildPipit();
  const course = courseOf(minutes);
  const { cycles, cycleMs } = course;
  say(
    `${minutes} minutes, ${cycles} cycles, one report every ${intervalMs / 1_000} s, seed ${seed}`,
  );
  const { looks, ...run } = await runSoak({ course, folder, intervalMs, seed, say });
  const settled = settledOf(course, looks, intervalMs);
  const reportsPerCycle = cycleMs / intervalMs;
  const children = hadChildren(course, looks);
  const lines = judge({ ...run, settled, reportsPerCycle, hadChildren: children });
  for (const line of soakTable(settled, cycleMs)) say(line);
  for (const { accepted, stored, waiting, dropped } of run.accounts)
    say(`${accepted} readings accepted: ${stored} stored, ${waiting} waiting, ${dropped} dropped`);
  for (const line of lines) say(verdictText(line));
  const result = { minutes, intervalMs, seed, settled, ...run, lines, looks };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return exitCodeOf(lines);
}

const folder = mkdtempSync(join(tmpdir(), "pipit-soak-"));
try {
  process.exitCode = await soak(folder);
} catch (error) {
  process.stderr.write(`soak: no result: ${inspect(error)}\n`);
  process.exitCode = error instanceof EndedByItself ? 1 : 2;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
