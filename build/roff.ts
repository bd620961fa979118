/** A piece of a manual page, man(7). */
export const roff = {
  /** `date` as "2026-11-25". */
  title: (name: string, section: number, date: string, version: string): string =>
    `.TH ${name.toUpperCase()} ${section} ${date} "Pipit ${version}" Pipit\n`,
  section: (name: string): string => `.SH ${inline(name)}\n`,
  subsection: (name: string): string => `.SS ${inline(name)}\n`,
  paragraph: (text: string): string => `.PP\n${inline(text)}\n`,
  /** A term, and what is said about it, each paragraph indented below. */
  entry: (term: string, ...texts: readonly string[]): string =>
    `.TP\n.B ${inline(term)}\n${texts.map((text) => `${inline(text)}\n`).join(".IP\n")}`,
  /** Lines as they are, in a box of their own. */
  example: (text: string): string =>
    `.PP\n.in +4n\n.EX\n${text
      .split("\n")
      .map((line) => literal(line))
      .join("\n")}\n.EE\n.in\n`,
};

/** Of Markdown what the tables use: `code` and [text](address). */
function inline(text: string): string {
  const linked = text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
  return literal(linked).replaceAll(/`([^`]+)`/g, "\\fB$1\\fR");
}

/** What groff would take for a command, a space of its own, or a typographic dash (groff_man(7)). */
const literal = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replace(/^\./, "\\&.");
