import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  parts,
  plantedDialects,
  plantedGlobals,
  plantedHouseRules,
  plantedImports,
  plantedModules,
} from "../support/layer-plants.ts";

/** One line of one planted file, and the rules that must (or, when empty, must not) report it. */
interface Verdict {
  readonly place: string;
  readonly code: string;
  readonly expected: readonly string[];
  readonly reported: ReadonlySet<string>;
}

const repository = join(import.meta.dirname, "../..");
const copy = mkdtempSync(join(tmpdir(), "pipit-layers-"));
afterAll(() => rmSync(copy, { recursive: true }));

/** Biome's rules by "file:line". */
let findings: Map<string, Set<string>>;

const plants = [
  ...plantedImports(),
  ...plantedDialects(),
  ...plantedModules(),
  ...plantedGlobals(globalsOfThisNode()),
  ...plantedHouseRules(),
];
/** A folder gets a file per plant; app.ts, main.ts and layer 1's files get a line per plant. */
const placed = plants.map((plant, index) => {
  const before = plants.slice(0, index).filter(({ from }) => from === plant.from).length;
  return isFile(plant.from)
    ? { ...plant, file: `agent/${plant.from}`, line: before + 1 }
    : { ...plant, file: `agent/${plant.from}/planted-${before}.ts`, line: 1 };
});

beforeAll(() => {
  for (const name of ["agent", "biome.json", "build/lint.grit", "package.json"])
    cpSync(join(repository, name), join(copy, name), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  const contents = Map.groupBy(placed, ({ file }) => file);
  for (const [file, lines] of contents) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), lines.map(({ code }) => `${code}\n`).join(""));
  }
  findings = lint(copy);
});

it("reports every import that a layer may not make", () => {
  const missed = verdicts().filter(({ expected, reported }) =>
    expected.some((rule) => !reported.has(rule)),
  );
  expect(missed).toEqual([]);
});

it("reports no import that a layer may make", () => {
  const wronged = verdicts().filter(
    ({ expected, reported }) => expected.length === 0 && reported.size > 0,
  );
  expect(wronged).toEqual([]);
});

it("has planted something forbidden and something allowed in every part", () => {
  const idle = parts.filter((part) => {
    const here = plants.filter(({ from }) => from === part);
    return here.every(({ rules }) => rules.length > 0) || here.every(({ rules }) => !rules.length);
  });
  expect(idle).toEqual([]);
});

function verdicts(): Verdict[] {
  return placed.map(({ file, line, code, rules }) => ({
    place: `${file}:${line}`,
    code,
    expected: rules,
    reported: findings.get(`${file}:${line}`) ?? new Set(),
  }));
}

function isFile(part: string): boolean {
  return part.endsWith(".ts");
}

/** Only rules that guard a boundary count: a plant is free to be ugly in any other way. */
function lint(folder: string): Map<string, Set<string>> {
  const biome = join(repository, "node_modules/.bin/biome");
  const { stdout, stderr } = spawnSync(
    biome,
    ["lint", "--reporter=json", "--max-diagnostics=none", "agent"],
    { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (!stdout.startsWith("{")) throw new Error(`biome gave no report: ${stderr}`);
  const report: {
    diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
  } = JSON.parse(stdout);
  const found = new Map<string, Set<string>>();
  for (const { category, location } of report.diagnostics) {
    const rule = category.split("/").at(-1) ?? category;
    if (!guards.has(rule)) continue;
    const place = `${location.path}:${location.start.line}`;
    found.set(place, (found.get(place) ?? new Set()).add(rule));
  }
  return found;
}

/** A script of its own: vitest adds globals, and `node --eval` has every module as one. */
function globalsOfThisNode(): string[] {
  const script = join(copy, "globals.mjs");
  writeFileSync(script, "console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis)))");
  const names: string[] = JSON.parse(
    execFileSync(process.execPath, [script], { encoding: "utf8" }),
  );
  // CommonJS modules see these as well; @types/node declares them for all.
  return [...names, "require", "module"];
}

const guards = new Set(plants.flatMap(({ rules }) => rules));
