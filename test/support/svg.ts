/** A picture that is read on a dark page, too: it brings its own background. `style` is CSS. */
export const drawing = (
  [width, height]: readonly [width: number, height: number],
  style: string,
  content: string,
): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<style>${style}</style>
<rect width="100%" height="100%" fill="#fff"/>
${content}
</svg>
`;

export type Anchor = "start" | "middle" | "end";

export const text = (x: number, y: number, anchor: Anchor, content: string): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;

const escaped = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Round numbers from 0 up to the first that is no less than `most`: 0, 20, 40, 60 for 53. */
export function ticks(most: number): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => most / each <= 5) ?? most;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** "0.33", "2.18", "61.1", "24,851": three digits, or all of a whole number. */
export const shown = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString("en-GB")
    : Number(value.toPrecision(3)).toLocaleString("en-GB", { maximumFractionDigits: 3 });
