import { appendFileSync, readFileSync } from "node:fs";
import type { CpuResult } from "./budget.ts";
import type { DrainResult } from "./drain-table.ts";
import type { Curve } from "./growth-table.ts";
import type { Machine } from "./machine.ts";
import type { PeerResult } from "./peers-table.ts";
import type { StartResult } from "./start-table.ts";
import type { WireResult } from "./wire-table.ts";

/** What each part of the benchmark finds out. */
export interface Results {
  readonly machine: Machine;
  readonly cpu: CpuResult;
  readonly start: StartResult;
  readonly peers: PeerResult;
  readonly growth: readonly Curve[];
  readonly drain: DrainResult;
  readonly wire: WireResult;
}

export type Part = keyof Results;

/** A part's result, or why it has none. */
export type Found<Name extends Part> =
  | { readonly result: Results[Name] }
  | { readonly notMeasured: string };

export type AllFound = { readonly [Name in Part]: Found<Name> };

/** One line of JSON more. */
export function note<Name extends Part>(file: string, part: Name, found: Found<Name>): void {
  appendFileSync(file, `${JSON.stringify({ part, ...found })}\n`);
}

/** Of a part that was measured again the last. */
export function resultsIn(file: string): AllFound {
  const lines: readonly (Found<Part> & { readonly part: Part })[] = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const notRun = { notMeasured: "this part was not run" };
  const last = Object.fromEntries(lines.map(({ part, ...found }) => [part, found]));
  return {
    ...{ machine: notRun, cpu: notRun, start: notRun, peers: notRun },
    ...{ growth: notRun, drain: notRun, wire: notRun },
    ...last,
  };
}
