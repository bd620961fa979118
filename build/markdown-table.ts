/** The rows of the first table below a heading "## NAME", each as its cells. */
export function tableBelow(markdown: string, heading: string): readonly (readonly string[])[] {
  const [, section] = markdown.split(new RegExp(`^## ${heading}$`, "m"));
  const lines = section?.split(/^## /m)[0]?.split("\n") ?? [];
  const rows = lines.filter((line) => line.startsWith("| ")).map(cellsOf);
  // The first row is the head of the table.
  if (rows.length < 2) throw new Error(`there is no table below "## ${heading}"`);
  return rows.slice(1);
}

const cellsOf = (line: string): readonly string[] =>
  line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
