/** A key or a table header of a TOML text; offsets count characters of the text. */
export interface TomlKey {
  /** From the root: `interval` below [telemetry] is ["telemetry", "interval"], `key` of the first [[sensors]] is ["sensors", "0", "key"]. */
  readonly path: readonly string[];
  readonly header: boolean;
  readonly start: number;
  readonly end: number;
  /** Of the value, without the comment after it; for a header of its closing bracket. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * Finds keys and values again after the parser, which keeps no positions. Also made for texts that do not parse:
 * it never throws, takes one pass, and leaves out what is no key.
 */
export function scanToml(text: string): readonly TomlKey[] {
  const keys: TomlKey[] = [];
  const entries = new Map<string, number>();
  let table: readonly string[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  /** "0" for the first [[sensors]], "1" for the second. */
  const numberOf = (names: readonly string[]): string => {
    const number = entries.get(names.join("\n")) ?? 0;
    entries.set(names.join("\n"), number + 1);
    return String(number);
  };
  while (at < text.length) {
    at = skip(text, at, /[\s]*/y);
    if (at >= text.length) break;
    if (text[at] === "[") {
      const start = at;
      const path = readPath(text, skip(text, at, /\[{1,2}[ \t]*/y));
      const end = path ? skip(text, path.end, /[ \t]*\]{1,2}/y) : start;
      if (path && end > path.end) {
        table = text.startsWith("[[", start) ? [...path.names, numberOf(path.names)] : path.names;
        keys.push({ path: table, header: true, start, end, valueStart: start, valueEnd: end });
      }
      at = lineEnd(text, Math.max(end, at + 1));
      continue;
    }
    const key = readKey(text, at, table);
    if (key === null) {
      at = lineEnd(text, at + (text[at] === "#" ? 1 : 0));
      continue;
    }
    keys.push(key);
    if (text[key.valueStart] === "{") keys.push(...inlineKeys(text, key));
    at = lineEnd(text, key.valueEnd);
  }
  return keys;
}

/** `{ key = "a", secret = "b" }`: one level, which is as deep as a setting can be. */
function inlineKeys(text: string, outer: TomlKey): TomlKey[] {
  const keys: TomlKey[] = [];
  let at = outer.valueStart + 1;
  while (at < outer.valueEnd) {
    at = skip(text, at, /(?:[\s,]|#[^\n]*)*/y);
    const key = at < outer.valueEnd ? readKey(text, at, outer.path) : null;
    if (key === null) break;
    keys.push(key);
    at = Math.max(key.valueEnd, at + 1);
  }
  return keys;
}

function readKey(text: string, start: number, table: readonly string[]): TomlKey | null {
  const path = readPath(text, start);
  if (path === null) return null;
  const equals = skip(text, path.end, /[ \t]*=/y);
  if (equals === path.end) return null;
  const valueStart = skip(text, equals, /[ \t]*/y);
  const valueEnd = endOfValue(text, valueStart);
  const full = [...table, ...path.names];
  return { path: full, header: false, start, end: path.end, valueStart, valueEnd };
}

/** More names than this are no setting of ours; without a bound a long dotted key would be copied at every use. */
const DEEPEST_PATH = 8;

/** `server.url`, `"server" . 'url'` */
function readPath(text: string, start: number) {
  const names: string[] = [];
  let at = start;
  for (;;) {
    const end = skip(text, at, /[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'/y);
    if (end === at) return null;
    if (names.length < DEEPEST_PATH) names.push(unquote(text.slice(at, end)));
    const dot = skip(text, end, /[ \t]*\.[ \t]*/y);
    if (dot === end) return { names, end };
    at = dot;
  }
}

const unquote = (name: string): string => (/^["']/.test(name) ? name.slice(1, -1) : name);

const opening = /[[{]/;
const closing = /[\]}]/;

/** After the last character of the value that begins at `start`; counts brackets instead of recursing. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === '"' || char === "'") at = endOfString(text, at);
    else if (opening.test(char)) {
      depth++;
      at++;
    } else if (closing.test(char)) {
      if (depth === 0) return at; // belongs to what is around us
      depth--;
      at++;
    } else if (depth > 0) at = skip(text, at, /(?:[^[\]{}"'#]+|#[^\n]*)/y);
    else return skip(text, at, /[^\s,\]}#]+(?:[ \t]\d\d:[^\s,\]}#]+)?/y);
    if (depth === 0) return at;
  }
  return at;
}

function endOfString(text: string, start: number): number {
  const fence = text.slice(start, start + 3);
  if (fence !== '"""' && fence !== "'''")
    return skip(text, start, text[start] === '"' ? /"(?:[^"\\\n]|\\[^\n])*"?/y : /'[^'\n]*'?/y);
  const body = fence === '"""' ? /(?:[^"\\]|\\[\s\S]|"(?!""))*/y : /(?:[^']|'(?!''))*/y;
  const end = skip(text, start + 3, body);
  // Up to two quotes may stand before the closing fence.
  return skip(text, end, fence === '"""' ? /"{1,5}/y : /'{1,5}/y);
}

const lineEnd = (text: string, from: number): number => {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline;
};

/** Where a sticky pattern that matches at `at` ends; `at` itself when it does not match. */
function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
