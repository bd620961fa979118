import { drawing, text } from "../support/svg.ts";
import type { Second } from "./arrivals.ts";
import type { Chapter } from "./chapters.ts";

const WIDTH = 960;
const HEIGHT = 320;
const MARGIN = { left: 64, right: 64, top: 24, bottom: 40 };

/** Requests a second, those that were refused, and boards online over time, as an SVG; chapters are marked. */
export function plot(
  seconds: readonly Readonly<Second>[],
  chapters: readonly Chapter[],
  boards: number,
): string {
  const most = Math.max(1, ...seconds.map(({ requests }) => requests));
  const [inner, tall] = [
    WIDTH - MARGIN.left - MARGIN.right,
    HEIGHT - MARGIN.top - MARGIN.bottom,
  ] as const;
  const x = (second: number) => MARGIN.left + (second / Math.max(1, seconds.length)) * inner;
  const y = (share: number) => MARGIN.top + (1 - share) * tall;
  const path = (share: (bin: Readonly<Second>) => number) =>
    seconds
      .map((bin, at) => `${at === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(share(bin)).toFixed(1)}`)
      .join("");
  const marks = chapters.map(
    ({ name, from }) =>
      `<line class="mark" x1="${x(from).toFixed(1)}" x2="${x(from).toFixed(1)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/><title>${name}</title>`,
  );
  return drawing(
    [WIDTH, HEIGHT],
    ".requests{fill:none;stroke:#0b62a3}.failed{fill:none;stroke:#7a5195}.online{fill:none;stroke:#c2410c}.mark{stroke:#999;stroke-dasharray:3 3}.frame{fill:#fff;stroke:#666}",
    `<rect class="frame" x="${MARGIN.left}" y="${MARGIN.top}" width="${inner}" height="${tall}"/>
${marks.map((mark) => `<g>${mark}</g>`).join("\n")}
<path class="requests" d="${path(({ requests }) => requests / most)}"/>
<path class="failed" d="${path(({ failed }) => failed / most)}"/>
<path class="online" d="${path(({ online }) => online / boards)}"/>
${text(MARGIN.left - 6, MARGIN.top + 10, "end", String(most))}
${text(MARGIN.left - 6, HEIGHT - MARGIN.bottom, "end", "0")}
${text(WIDTH - MARGIN.right + 6, MARGIN.top + 10, "start", String(boards))}
${text(MARGIN.left, HEIGHT - 22, "start", "0 s")}
${text(WIDTH - MARGIN.right, HEIGHT - 22, "end", `${seconds.length} s`)}
<text x="${MARGIN.left}" y="${HEIGHT - 6}" fill="#0b62a3">requests a second (left), <tspan fill="#7a5195">of them answered 5.00</tspan></text>
<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 6}" text-anchor="end" fill="#c2410c">boards online (right)</text>
${text(MARGIN.left, 16, "start", `${boards} boards`)}`,
  );
}
