/** What the parser says -> what the operator reads: the fault, and what to write. */
const wordings: readonly (readonly [pattern: RegExp, what: string, fix: string])[] = [
  [/redefine/, "is set twice", "keep one of the two"],
  [/unfinished string/, "a text has no end", "close its quotes"],
  [/unfinished (array|table)/, "a list or table has no end", "close its bracket"],
  [/expected comma/, "a comma or a closing bracket is missing", "add it"],
  [/followed by an end-of-line/, "something follows the value", "put it on a line of its own"],
  [/cannot find end of key/, "a name has no value", "write: name = value"],
  [/nested/, "nests too deep", "a setting is one value or one list"],
  [/control characters/, "has a control character in it", "remove it"],
];

/** What the line at fault looks like. */
export interface FaultyLine {
  /** It begins with a bracket. */
  readonly header: boolean;
  /** A value that lacks its quotes, the commonest fault of all: `interval = 30s`. */
  readonly bare: string | null;
}

export function syntaxMessage(parserMessage: string, line: FaultyLine): string {
  const [first = ""] = parserMessage.split("\n");
  const [what, fix] = wordsFor(first.replace("Invalid TOML document: ", ""), line);
  return `${what}; ${fix} (nothing in this file counts until then)`;
}

function wordsFor(fault: string, { header, bare }: FaultyLine): readonly [string, string] {
  if (header && /\bkey\b/.test(fault))
    return ["not a section header", "write [name] on a line of its own"];
  const known = wordings.find(([pattern]) => pattern.test(fault));
  // `level = info` is taken for the number inf with something behind it.
  const mayLackQuotes = known === undefined || known[0].test("followed by an end-of-line");
  if (bare !== null && mayLackQuotes && !/^[+-]?[\d.]+$/.test(bare)) {
    return /^(true|false|yes|no|on|off)$/i.test(bare)
      ? [`${bare} is neither true nor false`, "write one of them, in small letters"]
      : [`${bare} has no quotes`, `write "${bare}"`];
  }
  return known ? [known[1], known[2]] : [fault, "correct it"];
}
