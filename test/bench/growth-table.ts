export interface Curve {
  /** "sensors" */
  readonly of: string;
  /** CPU time of one report, in ms, by rising `at`. */
  readonly points: readonly { readonly at: number; readonly cpuMs: number }[];
}

/** More than what grows in proportion, or flat, would show on a noisy machine. */
const CLIFF = 2;

/**
 * A step from one point to the next at which a report costs more than `CLIFF` times what a straight line through the first point
 * and the last would have it cost there.
 */
export function cliffs(curves: readonly Curve[]): readonly string[] {
  return curves.flatMap(({ of, points }) => {
    const [first, last] = [points.at(0), points.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const slope = (last.cpuMs - first.cpuMs) / (last.at - first.at);
    return points
      .filter(({ at, cpuMs }) => cpuMs > CLIFF * (first.cpuMs + slope * (at - first.at)))
      .map(({ at, cpuMs }) => `${cpuMs.toFixed(2)} ms a report with ${at} ${of}`);
  });
}

export function growthTable(curves: readonly Curve[]): string {
  return curves
    .flatMap(({ of, points }) => {
      const least = points[0]?.cpuMs ?? Number.NaN;
      return [
        of,
        ...points.map(
          ({ at, cpuMs }) =>
            `${String(at).padStart(9)}  ${cpuMs.toFixed(2).padStart(7)} ms  ${(cpuMs / least).toFixed(2).padStart(6)} x`,
        ),
      ];
    })
    .join("\n");
}

const WIDTH = 300;
const HEIGHT = 200;
const MARGIN = 40;

/** One picture a curve, side by side; the horizontal axis is in powers of ten. */
export function growthPlot(curves: readonly Curve[]): string {
  const pictures = curves.map(({ of, points }, index) => {
    const most = Math.max(...points.map(({ cpuMs }) => cpuMs));
    const scale = (at: number) => Math.log10(at + 1);
    const span = scale(Math.max(...points.map(({ at }) => at))) || 1;
    const x = (at: number) => MARGIN + (scale(at) / span) * (WIDTH - 2 * MARGIN);
    const y = (cpuMs: number) => HEIGHT - MARGIN - (cpuMs / most) * (HEIGHT - 2 * MARGIN);
    const dots = points.map(
      ({ at, cpuMs }) =>
        `<circle cx="${x(at).toFixed(1)}" cy="${y(cpuMs).toFixed(1)}" r="3"/><text x="${x(at).toFixed(1)}" y="${HEIGHT - MARGIN + 16}" text-anchor="middle">${at}</text><text x="${x(at).toFixed(1)}" y="${(y(cpuMs) - 8).toFixed(1)}" text-anchor="middle">${cpuMs.toFixed(1)}</text>`,
    );
    const line = points.map(({ at, cpuMs }) => `${x(at).toFixed(1)},${y(cpuMs).toFixed(1)}`);
    return `<g transform="translate(${index * WIDTH} 0)"><path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="#666"/><polyline points="${line.join(" ")}" fill="none" stroke="#0b62a3"/>${dots.join("")}<text x="${WIDTH / 2}" y="${HEIGHT - 6}" text-anchor="middle">${of}</text><text x="${MARGIN}" y="16">ms of processor time a report</text></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${curves.length * WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>
${pictures.join("\n")}
</svg>
`;
}
