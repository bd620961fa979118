import { drawing, shown, text, ticks } from "../support/svg.ts";

export interface LineChart {
  /** What goes up, with its unit. */
  readonly title: string;
  /** What goes to the right, with its unit. */
  readonly across: string;
  /** In powers of ten, 0 included: for what spans several of them. */
  readonly isLogarithmic: boolean;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly { readonly at: number; readonly value: number }[];
  }[];
}

const WIDTH = 560;
const HEIGHT = 300;
const LEFT = 60;
const RIGHT = 36;
const TOP = 48;
const BOTTOM = 48;
const COLOURS = ["#0b62a3", "#c2410c"];
/** Between two labels below the axis. */
const LEAST_DISTANCE = 44;

export function lineChart({ title, across, isLogarithmic, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points);
  const marks = ticks(Math.max(...points.map(({ value }) => value)));
  const scale = (at: number) => (isLogarithmic ? Math.log10(at + 1) : at);
  const span = scale(Math.max(...points.map(({ at }) => at))) || 1;
  const x = (at: number) => LEFT + (scale(at) / span) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) =>
    HEIGHT - BOTTOM - (value / (marks.at(-1) ?? 1)) * (HEIGHT - TOP - BOTTOM);
  const grid = marks.map(
    (mark) =>
      `<path class="grid" d="M${LEFT} ${y(mark).toFixed(1)}H${WIDTH - RIGHT}"/>${text(LEFT - 6, y(mark) + 4, "end", shown(mark))}`,
  );
  const places = [...new Set(points.map(({ at }) => at))].sort((a, b) => b - a);
  let last = Number.POSITIVE_INFINITY;
  const below = places.flatMap((at) => {
    if (last - x(at) < LEAST_DISTANCE) return [];
    last = x(at);
    return [text(x(at), HEIGHT - BOTTOM + 16, "middle", at.toLocaleString("en-GB"))];
  });
  const drawn = lines.map(({ name, points: own }, index) => {
    const path = own.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    const dots = own.map(
      ({ at, value }) =>
        `<circle class="dot${index}" cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3"/>`,
    );
    const legend =
      lines.length > 1
        ? `<circle class="dot${index}" cx="${LEFT + 5 + index * 170}" cy="31" r="5"/>${text(LEFT + 15 + index * 170, 35, "start", name)}`
        : "";
    return `<polyline class="line${index}" points="${path.join(" ")}"/>${dots.join("")}${legend}`;
  });
  const style = COLOURS.map(
    (colour, index) => `.dot${index}{fill:${colour}}.line${index}{fill:none;stroke:${colour}}`,
  ).join("");
  return drawing(
    [WIDTH, HEIGHT],
    `${style}.grid{stroke:#ddd}`,
    [
      text(LEFT, 16, "start", title),
      ...[...grid, ...below, ...drawn],
      text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "middle", across),
    ].join("\n"),
  );
}
