import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../../agent/cli/commands.ts";
import { EXIT } from "../../../agent/cli/exit-codes.ts";
import { entryRows, jobSettings, sensorSettings } from "../../../agent/config/sensor-settings.ts";
import { sections } from "../../../agent/config/settings.ts";
import { commandsPage, settingsPage } from "../../../build/man-pages.ts";
import { tableBelow } from "../../../build/markdown-table.ts";
import { roff } from "../../../build/roff.ts";

const manual = readFileSync(join(import.meta.dirname, "../../../docs/commands.md"), "utf8");
const edition = { version: "1.2.0", date: "2026-11-25" };

/** The terms that stand in bold at the head of an entry. */
const terms = (page: string) =>
  page
    .split("\n")
    .filter((line) => line.startsWith(".B "))
    .map((line) => line.slice(".B ".length).replaceAll("\\-", "-"));

describe("pipit(1)", () => {
  const page = commandsPage(commands, manual, edition);

  it("has every command that the help shows, with all of its options", () => {
    for (const { name, arguments: given, options } of commands.filter(({ hidden }) => !hidden)) {
      expect(page).toContain(`.SS ${[name, given].filter(Boolean).join(" ")}\n`);
      for (const option of Object.keys(options))
        expect(terms(page)).toContainEqual(expect.stringMatching(new RegExp(`--${option}\\b`)));
    }
    for (const { name } of commands.filter(({ hidden }) => hidden))
      expect(page).not.toContain(`.SS ${name}\n`);
  });

  it("has every exit code", () => {
    for (const code of Object.values(EXIT)) expect(terms(page)).toContain(String(code));
  });
});

describe("pipit.toml(5)", () => {
  it("has every setting", () => {
    const listed = terms(settingsPage(edition));
    for (const { settings } of Object.values(sections))
      expect(listed).toEqual(expect.arrayContaining(Object.keys(settings)));
    for (const settings of [sensorSettings, jobSettings])
      expect(listed).toEqual(expect.arrayContaining(entryRows(settings).map(([name]) => name)));
  });
});

describe("a manual page", () => {
  it("takes text for text, and code and links of Markdown for what they are", () => {
    expect(roff.paragraph("`a-b`, see [this page](x.md); C:\\n isn't")).toBe(
      ".PP\n\\fBa\\-b\\fR, see this page; C:\\en isn\\(aqt\n",
    );
    expect(roff.paragraph(".d is a folder")).toBe(".PP\n\\&.d is a folder\n");
    expect(roff.example("[a]\n.b")).toBe(".PP\n.in +4n\n.EX\n[a]\n\\&.b\n.EE\n.in\n");
    expect(roff.entry("--x", "One.", "Two.")).toBe(".TP\n.B \\-\\-x\nOne.\n.IP\nTwo.\n");
  });
});

describe("a table of a manual", () => {
  it("is read cell by cell", () => {
    const text =
      "## One\n\n| a | b |\n|---|---|\n| 1 | x \\| y |\n\n## Two\n\n| c | d |\n|---|---|\n| 2 | 3 |\n";
    expect(tableBelow(text, "One")).toEqual([["1", "x \\| y"]]);
    expect(tableBelow(text, "Two")).toEqual([["2", "3"]]);
  });

  it("is missed", () => {
    expect(() => tableBelow(manual, "Nothing")).toThrow('there is no table below "## Nothing"');
  });
});
