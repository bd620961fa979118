import { drawing, shown, text, ticks } from "../support/svg.ts";

export interface BarChart {
  /** What is shown, with its unit: "CPU for a report, ms". */
  readonly title: string;
  /** What the bars of a group are, where there are several. */
  readonly series: readonly string[];
  /** `values`: one for each of `series`. */
  readonly groups: readonly { readonly label: string; readonly values: readonly number[] }[];
}

const WIDTH = 800;
const LEFT = 270;
const RIGHT = 70;
const TOP = 44;
const BAR = 16;
const GAP = 12;
const AXIS = 28;
const COLOURS = ["#0b62a3", "#c2410c"];

/** Bars lie on their side, so that their names are read. */
export function barChart({ title, series, groups }: BarChart): string {
  const most = Math.max(...groups.flatMap(({ values }) => values));
  const marks = ticks(most);
  const end = marks.at(-1) ?? 1;
  const x = (value: number) => LEFT + (value / end) * (WIDTH - LEFT - RIGHT);
  const pitch = series.length * BAR + GAP;
  const bottom = TOP + groups.length * pitch;
  const grid = marks.map(
    (mark) =>
      `<path class="grid" d="M${x(mark).toFixed(1)} ${TOP}V${bottom}"/>${text(x(mark), bottom + 16, "middle", shown(mark))}`,
  );
  const bars = groups.map(({ label, values }, group) => {
    const y = TOP + group * pitch + GAP / 2;
    const own = values.map((value, index) => {
      const top = y + index * BAR;
      return `<rect class="bar${index}" x="${LEFT}" y="${top}" width="${(x(value) - LEFT).toFixed(1)}" height="${BAR - 2}"/>${text(x(value) + 5, top + 11, "start", shown(value))}`;
    });
    return `${text(LEFT - 8, y + (values.length * BAR) / 2 + 3, "end", label)}${own.join("")}`;
  });
  const legend = series.map((name, index) =>
    series.length > 1
      ? `<rect class="bar${index}" x="${LEFT + index * 150}" y="26" width="10" height="10"/>${text(LEFT + index * 150 + 15, 35, "start", name)}`
      : "",
  );
  const style = COLOURS.map((colour, index) => `.bar${index}{fill:${colour}}`).join("");
  return drawing(
    [WIDTH, bottom + AXIS],
    `${style}.grid{stroke:#ddd}`,
    [text(LEFT, 16, "start", title), ...legend, ...grid, ...bars].join("\n"),
  );
}
