/** Numbers one below the other by their decimal points; anything else ends where the longest number does. */
export function aligned(texts: readonly string[]): readonly string[] {
  const parts = texts.map((text) => /^(-?\d+)(\.\d+)?$/.exec(text));
  const widest = (part: 1 | 2) => Math.max(0, ...parts.map((match) => match?.[part]?.length ?? 0));
  const [whole, decimals] = [widest(1), widest(2)];
  const width = Math.max(whole + decimals, ...texts.map(({ length }) => length));
  return texts.map((text, index) => {
    const match = parts[index];
    if (!match) return text.padStart(width);
    return `${match[1]?.padStart(width - decimals)}${(match[2] ?? "").padEnd(decimals)}`;
  });
}
