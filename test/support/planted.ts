import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What must not be found, by its name. */
export type Planted = Readonly<Record<string, string>>;

/** Of a text that was cut off, so much is enough to give it away. */
const TELLING = 10;

/**
 * Every way in which a value may be written: as it is (the first of it is enough), as JSON quotes it, as a URL carries it, in
 * hex, and in Base64 wherever it begins within a larger text.
 */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // The first and last groups depend on what stands beside it.
    return text.slice(before === 0 ? 0 : 4, -4).slice(0, 2 * TELLING);
  });
  return [
    value.slice(0, TELLING),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    bytes.toString("hex").slice(0, 2 * TELLING),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/** The names of those that are in the text, in whatever form. */
export function foundIn(text: string, planted: Planted): readonly string[] {
  const lower = text.toLowerCase();
  return Object.entries(planted)
    .filter(([, value]) =>
      formsOf(value).some((form) =>
        /^[0-9a-f]+$/.test(form) ? lower.includes(form) : text.includes(form),
      ),
    )
    .map(([name]) => name);
}

export interface Evidence {
  add(what: string, text: string): void;
  /** Every file in it, however deep. */
  addFolder(what: string, folder: string, except?: RegExp): void;
  /** "stderr of run: the token", for each that was found. */
  leaks(): readonly string[];
  /** So that a search in nothing shows. */
  readonly size: number;
}

export function evidence(planted: Planted): Evidence {
  const leaks: string[] = [];
  let size = 0;
  const add = (what: string, text: string) => {
    size += text.length;
    for (const name of foundIn(text, planted)) leaks.push(`${what}: ${name}`);
  };
  const addFolder = (what: string, folder: string, except?: RegExp) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) addFolder(`${what}/${name}`, path, except);
      else if (stats?.isFile() && !except?.test(name)) add(`${what}/${name}`, textOf(path));
    }
  };
  return {
    add,
    addFolder,
    leaks: () => [...new Set(leaks)],
    get size() {
      return size;
    },
  };
}

/** Empty for what an agent that goes on has just replaced by the next one. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
