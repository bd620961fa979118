import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../ports.ts";
import type { Degradation } from "../standing.ts";
import { errnoOf } from "./errno.ts";
import { type Files, systemFiles } from "./files.ts";
import { mayBeRead } from "./may-be-read.ts";
import { lockNames } from "./state-lock.ts";

/** Beyond the owner: groups and everybody. */
const OTHERS = 0o077;

/** The names that the agent gives in its state folder, and what lies open with them. */
const holdings: readonly (readonly [RegExp, string])[] = [
  [/^credentials\.json/, mayBeRead.token],
  [/^provision-secret$/, mayBeRead.secret],
  [/^journal(\..+)?$/, mayBeRead.samples],
  [/^(last-good\.toml|last-run\.json|inventory\.json|refused\.jsonl)$/, mayBeRead.nothing],
  [lockNames, mayBeRead.nothing],
];

/** Also of a file that was damaged and set aside, or is being written. */
export function isNameOfOurs(name: string): boolean {
  const plain = name.replace(/^\.(.+)\.tmp$/, "$1").replace(/\.corrupt-\d+$/, "");
  return holdings.some(([names]) => names.test(plain));
}

export interface TightenDeps {
  readonly log: Logger;
  /** Default: the kernel's. */
  readonly files?: Files;
  /** Whose files are our own; default: this process's. */
  readonly user?: number | undefined;
}

/**
 * Nothing that the agent keeps is for others, but a copy, a restored backup or a hand may have opened it: what is found open
 * is closed, and the log says what others may have read. Any folder may be given by mistake, so only names of the agent are
 * touched, and the folder itself only where it is no root who would do it. Returns what stays open, with the command that helps.
 */
export function tightenState(
  stateDir: string,
  secretFile: string | null,
  { log, files = systemFiles, user = process.geteuid?.() }: TightenDeps,
): Degradation | null {
  const stillOpen: string[] = [];
  const tighten = (paths: readonly string[], hint: string): void => {
    let mode = 0;
    let repaired = 0;
    for (const path of paths) {
      const found = openMode(path, files);
      if (found === 0) continue;
      if (close(path, found, files)) repaired++;
      else stillOpen.push(path);
      mode ||= found;
    }
    const fields = { file: paths[0], mode: mode.toString(8), files: repaired, hint };
    if (repaired > 0) log.warn("was open to others, mode repaired", fields);
  };
  const isOurs = (path: string) => tolerating(() => files.factsOf(path)?.owner, -1) === user;

  if (user !== 0 && isOurs(stateDir)) tighten([stateDir], mayBeRead.nothing);
  for (const name of namesIn(stateDir)) {
    const hint = holdings.find(([names]) => names.test(name))?.[1];
    const path = join(stateDir, name);
    const inside = () => namesIn(path).map((inner) => join(path, inner));
    if (hint !== undefined) tighten([path, ...inside()], hint);
  }
  if (secretFile !== null && isOurs(secretFile)) tighten([secretFile], mayBeRead.secret);

  const [first] = stillOpen;
  if (first === undefined) return null;
  const more = stillOpen.length > 1 ? `, and ${stillOpen.length - 1} more` : "";
  const [text, fix] = [
    `${first}${more} can be read by others`,
    `sudo chmod go= ${stillOpen.join(" ")}`,
  ];
  log.warn(`${text}, and the mode cannot be repaired`, { hint: fix });
  return { name: "modes", code: "P055", text, fix };
}

/** The mode of a file or folder that others may enter; 0 for what is closed, and for what has no mode of its own. */
function openMode(path: string, files: Files): number {
  const facts = tolerating(() => files.factsOf(path), null);
  if (facts === null || !(facts.isFile || facts.isFolder)) return 0;
  const mode = facts.mode & 0o777;
  return (mode & OTHERS) === 0 ? 0 : mode;
}

const close = (path: string, mode: number, files: Files): boolean =>
  tolerating(() => {
    files.setMode(path, mode & ~OTHERS);
    return true;
  }, false);

/** Empty for what is no folder. */
const namesIn = (folder: string) => tolerating<readonly string[]>(() => readdirSync(folder), []);

/** The system says no, or it is gone by now. */
function tolerating<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return otherwise;
  }
}
