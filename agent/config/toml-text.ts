import { allSettings, sectionNames } from "./config.ts";
import type { Place } from "./problem.ts";
import { looksSecret, mayShowValue } from "./secrecy.ts";
import { textLines } from "./text-lines.ts";
import { scanToml, type TomlKey } from "./toml-scan.ts";

/** A TOML text with the positions that its parser does not keep. */
export interface TomlText {
  /** The key or header of this path; failing that of the nearest table around it. */
  keyPlace(path: readonly string[]): Place | null;
  /** The value of this path, for a complaint about it. */
  valuePlace(path: readonly string[]): Place | null;
  /** A position given by the parser, in a text that does not parse. */
  pointPlace(line: number, column: number): Place;
  /** The line begins like a section header: `[log`. */
  opensHeader(line: number): boolean;
  /** The unquoted value at this line, `30s` in `interval = 30s`, where it may be shown. */
  bareValue(line: number): string | null;
}

const HIDDEN = "(set)";

/** What may stand at the beginning of a line that is shown although it is neither key nor header. */
const knownWords = new Set([...sectionNames, ...allSettings.map(({ name }) => name)]);

export function tomlText(text: string): TomlText {
  const lines = textLines(text);
  const keys = scanToml(text);
  const find = finder(keys);
  const keyAt = (line: number): TomlKey | undefined =>
    keys.find(({ start }) => start >= lines.start(line) && start < lines.end(line));

  /** From the key to the end of its value, not beyond its line, and no value that may be secret. */
  const excerptOf = (key: TomlKey): string => {
    if (key.path.some(looksSecret)) return "";
    if (key.header) return text.slice(key.start, key.valueEnd);
    if (!mayShowValue(key.path)) return text.slice(key.start, key.valueStart) + HIDDEN;
    const limit = lines.end(lines.lineOf(key.start));
    return (
      text.slice(key.start, Math.min(limit, key.valueEnd)) + (key.valueEnd > limit ? " …" : "")
    );
  };
  const place = (key: TomlKey, from: number, to: number): Place => {
    const line = lines.lineOf(key.start);
    const excerpt = excerptOf(key);
    const caret = from - key.start;
    const hidden = from === key.valueStart && excerpt.endsWith(HIDDEN);
    const width = hidden ? HIDDEN.length : Math.max(1, to - from);
    return { line, column: from - lines.start(line) + 1, excerpt, caret, width };
  };

  return {
    keyPlace(path) {
      const key = find(path);
      return key ? place(key, key.start, key.header ? key.valueEnd : key.end) : null;
    },
    valuePlace(path) {
      const key = find(path);
      if (!key) return null;
      return place(key, key.header ? key.start : key.valueStart, key.valueEnd);
    },
    pointPlace(lineGiven, columnGiven) {
      const line = Math.max(1, Math.min(lineGiven, lines.count));
      const start = lines.start(line);
      const column = Math.max(1, Math.min(columnGiven, lines.end(line) - start + 1));
      const key = keyAt(line);
      const shown = key ? excerptOf(key) : knownStart(text.slice(start, lines.end(line)));
      if (shown === "") return { line, column, excerpt: "", caret: 0, width: 1 };
      const caret = Math.max(0, start + column - 1 - (key?.start ?? start));
      const cut = caret >= shown.length && !/(…|\(set\))$/.test(shown);
      const excerpt = cut ? `${shown} …` : shown;
      return { line, column, excerpt, caret: Math.min(caret, excerpt.length - 1), width: 1 };
    },
    opensHeader: (line) => /^\s*\[/.test(text.slice(lines.start(line), lines.end(line))),
    bareValue(line) {
      const key = keyAt(line);
      if (!key || key.header || !mayShowValue(key.path)) return null;
      const rest = text.slice(key.valueStart, lines.end(line)).replace(/#.*/, "").trim();
      return /^[\w./:-]+$/.test(rest) ? rest : null;
    },
  };
}

/** `[log` or `level "info"`: the first word, if it is one of ours; the rest may be a piece of a secret. */
function knownStart(line: string): string {
  const [start = "", word = ""] = /^\s*\[{0,2}([\w-]+)/.exec(line) ?? [];
  return knownWords.has(word) ? start : "";
}

function finder(keys: readonly TomlKey[]) {
  const idOf = (path: readonly string[]) => path.join("\n"); // a name has no line end in it
  const byPath = new Map<string, TomlKey>();
  for (const key of keys) {
    const id = idOf(key.path);
    if (!byPath.has(id)) byPath.set(id, key);
  }
  // [server.x] and server.x.y = 1 also stand for "server" and "server.x", unless these occur themselves.
  for (const key of keys)
    for (const length of [1, 2]) {
      const id = idOf(key.path.slice(0, length));
      if (key.path.length > length && !byPath.has(id)) byPath.set(id, key);
    }
  const find = (path: readonly string[]): TomlKey | undefined =>
    path.length === 0 ? undefined : (byPath.get(idOf(path)) ?? find(path.slice(0, -1)));
  return find;
}
