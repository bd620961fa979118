import fc from "fast-check";
import { expect, it } from "vitest";
import { osNameOf, osVersionOf, parseOsRelease } from "../../../agent/device/os-release.ts";

it.each<[string, string]>([
  ['A="Debian GNU/Linux"', "Debian GNU/Linux"],
  ["A=debian", "debian"],
  ["A='it''s'", "'it''s'"], // no value of one piece: as it stands
  ["A='Fedora \\ Linux'", "Fedora \\ Linux"],
  ['A="say \\"hi\\" for \\$5"', 'say "hi" for $5'],
  ["A=a\\ b", "a b"],
  ["  A=x  ", "x"],
  ['A=""', ""],
  ['A="open', '"open'],
  ["A=one\nA=two", "two"],
  ["A=x\r", "x"],
])("reads %j as %j", (text, value) => {
  expect(parseOsRelease(text).get("A")).toBe(value);
});

it("takes no notice of comments and of what is no assignment", () => {
  expect([...parseOsRelease("# A=1\n\nB\n=C\n1D=2\nE F=3\n")]).toEqual([]);
});

it("names the system and its version as the distribution does", () => {
  const debian = parseOsRelease(
    'NAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION="13 (trixie)"\n',
  );
  expect(osNameOf(debian)).toBe("Debian GNU/Linux");
  expect(osVersionOf(debian)).toBe("13 (trixie)");
  expect(osVersionOf(parseOsRelease("VERSION_ID=3.20.1\n"))).toBe("3.20.1");
  expect(osVersionOf(parseOsRelease("BUILD_ID=rolling\n"))).toBe("rolling");
  expect(osVersionOf(parseOsRelease(""))).toBeNull();
});

it("reads any text without an error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const [name, value] of parseOsRelease(text)) {
        expect(name).toMatch(/^[A-Za-z_]/);
        expect(value).not.toContain("\n");
      }
    }),
  );
});

it("gives back any value of one line that was quoted as os-release(5) wants it", () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n"));
  fc.assert(
    fc.property(line, (value) => {
      const quoted = value.replace(/["$`\\]/g, "\\$&");
      expect(parseOsRelease(`NAME="${quoted}"\n`).get("NAME")).toBe(value);
    }),
  );
});
