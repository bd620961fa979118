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

/** `bare` is a value that lacks its quotes, the commonest fault of all: `interval = 30s`. */
export function syntaxMessage(parserMessage: string, bare: string | null): string {
  const [first = ""] = parserMessage.split("\n");
  const [what, fix] = wordsFor(first.replace("Invalid TOML document: ", ""), bare);
  return `${what}; ${fix} (nothing in this file counts until then)`;
}

function wordsFor(fault: string, bare: string | null): readonly [string, string] {
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
