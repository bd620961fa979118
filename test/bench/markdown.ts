/** A table with a first column of names, and figures to the right of it. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|---|${head
    .slice(1)
    .map(() => "---:|")
    .join("")}`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

export const milliseconds = (value: number): string =>
  `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ms`;
export const times = (ratio: number): string =>
  `${ratio.toFixed(ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2)} x`;
export const megabytes = (value: number): string => `${value.toFixed(1)} MB`;
