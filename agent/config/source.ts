import * as v from "valibot";
import type { NamedSetting } from "./config.ts";
import type { Place, Problem } from "./problem.ts";
import { quote } from "./quote.ts";
import { type CheckedEntries, checkEntries, type RawEntry } from "./read-entries.ts";
import type { KnownNames } from "./setting.ts";

/** Where a value came from. */
export interface Origin {
  readonly kind: "default" | "file" | "environment" | "secret file" | "credential" | "command line";
  /** Path of the file, name of the variable or the credential. */
  readonly name: string;
  readonly line: number | null;
}

/** One setting as one source gives it, before anybody looked whether it makes sense. */
export interface Entry {
  readonly setting: NamedSetting;
  readonly raw: unknown;
  readonly origin: Origin;
  readonly place: Place | null;
}

export interface Source {
  /** As problems name it: the path of a file, "environment". */
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
  /** Entries of [[sensors]] and [[jobs]]: only files have them. */
  readonly lists?: readonly RawEntry[];
}

/** `valid` decides whether `value` counts; a wrong value of the winning source means the default. */
export interface CheckedEntry extends Entry {
  readonly valid: boolean;
  readonly value: unknown;
}

export interface CheckedSource {
  readonly entries: readonly CheckedEntry[];
  readonly lists: CheckedEntries;
  /** Line by line. */
  readonly problems: readonly Problem[];
}

/** Looks at every value, also at those that a later source replaces: all problems in one run. */
export function checkSource(source: Source, known: KnownNames): CheckedSource {
  const problems = [...source.problems];
  const entries = source.entries.map((entry): CheckedEntry => {
    const { success, output, issues } = v.safeParse(entry.setting.kind.schema(known), entry.raw);
    if (success) return { ...entry, valid: true, value: output };
    problems.push(wrongValue(source.name, entry, issues[0].message));
    return { ...entry, valid: false, value: undefined };
  });
  const lists = checkEntries(source.lists ?? [], known);
  problems.push(...lists.problems);
  const line = ({ place }: Problem) => place?.line ?? 0;
  return { entries, lists, problems: problems.sort((a, b) => line(a) - line(b)) };
}

function wrongValue(
  source: string,
  { setting, raw, origin, place }: Entry,
  issue: string,
): Problem {
  const name =
    origin.kind === "file"
      ? setting.name
      : origin.kind === "environment"
        ? origin.name
        : setting.fullName;
  const shown = setting.secret ? "(set)" : quote(raw);
  return { severity: "error", source, place, message: `${name} = ${shown}: ${issue}` };
}
