import { expect, it } from "vitest";
import { scanToml } from "../../../agent/config/toml-scan.ts";

const found = (text: string) =>
  scanToml(text).map(({ path, header, valueStart, valueEnd }) =>
    header ? `[${path.join(" . ")}]` : `${path.join(" . ")} = ${text.slice(valueStart, valueEnd)}`,
  );

it.each([
  ["a key below its header", "[a]\n b = 1 # c\n", ["[a]", "a . b = 1"]],
  ["keys above the first header", 'a=1\n"b c"=2', ["a = 1", "b c = 2"]],
  ["dotted and quoted keys", "a . \"b\" . 'c' = 1", ["a . b . c = 1"]],
  ["a quoted and a dotted header", '["a"]\n[b . c]\nd=1', ["[a]", "[b . c]", "b . c . d = 1"]],
  [
    "arrays of tables, counted",
    "[[a]]\nb=1\n[[a]]\nb=2",
    ["[a . 0]", "a . 0 . b = 1", "[a . 1]", "a . 1 . b = 2"],
  ],
  [
    "an inline table with its keys",
    'a = { b = "1", c.d = [2, { e = 3 }] } # f = 4',
    ['a = { b = "1", c.d = [2, { e = 3 }] }', 'a . b = "1"', "a . c . d = [2, { e = 3 }]"],
  ],
  [
    "an array over lines",
    'a = [\n 1, # ]\n "]", 2\n]\nb=1',
    ['a = [\n 1, # ]\n "]", 2\n]', "b = 1"],
  ],
  ["strings with quotes and hashes", `a = "x\\" # y"\nb = '#\\'`, ['a = "x\\" # y"', "b = '#\\'"]],
  [
    "long strings that look like keys",
    'a = """\n[x]\ny = 1 \\""" """"\nb = \'\'\'\nc = 2\'\'\'',
    ['a = """\n[x]\ny = 1 \\""" """"', "b = '''\nc = 2'''"],
  ],
  ["a date with a space", "a = 2026-11-22 10:00:00Z # b", ["a = 2026-11-22 10:00:00Z"]],
  [
    "windows line ends and a byte order mark",
    "\uFEFF[a]\r\nb = 1\r\nc = 2",
    ["[a]", "a . b = 1", "a . c = 2"],
  ],
  [
    "keys around broken lines",
    "a = 1\nnot a key\n= 3\n[x\n[\nb = ]\nc = 2",
    ["a = 1", "b = ", "c = 2"],
  ],
  ["an unfinished string up to its line end", 'a = "x\nb = 1', ['a = "x', "b = 1"]],
])("finds %s", (_, text, keys) => expect(found(text)).toEqual(keys));

it("takes one pass over hostile texts", () => {
  const started = performance.now();
  for (const piece of [
    "[",
    "a=",
    "a.",
    "a={",
    "a={b=1,",
    " \n",
    '"',
    "[a.",
    "a=[\n",
    'a=["',
    'a="\\\n',
    '""" ',
    "'''\n",
    "\\",
  ])
    for (const start of ["", 'a="""', "a=[", "a={"])
      scanToml(start + piece.repeat(100_000 / piece.length));
  expect(performance.now() - started).toBeLessThan(4_000);
});
