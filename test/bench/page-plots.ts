import { barChart } from "./bar-chart.ts";
import { type DrainResult, possible } from "./drain-table.ts";
import type { Curve } from "./growth-table.ts";
import { lineChart } from "./line-chart.ts";
import { type PeerResult, peerLabels } from "./peers-table.ts";
import type { AllFound } from "./results.ts";
import type { StartResult } from "./start-table.ts";
import { figuresOf, labels, names, type SetUps, setUps, type WireResult } from "./wire-table.ts";

type Plots = Readonly<Record<string, string>>;

/** The pictures of what was measured, by the names that page-sections.ts gives them. */
export function plotsOf({ peers, start, growth, drain, wire }: AllFound): Plots {
  return {
    ...("result" in peers ? peerPlots(peers.result) : {}),
    ...("result" in start ? startPlot(start.result) : {}),
    ...("result" in growth ? growthPlots(growth.result) : {}),
    ...("result" in drain ? drainPlot(drain.result) : {}),
    ...("result" in wire ? wirePlots(wire.result) : {}),
  };
}

const peerPlots = ({ lines }: PeerResult): Plots => ({
  "cpu.svg": barChart({
    title: "CPU for a report, ms",
    series: ["CPU"],
    groups: lines.map(({ name, cpuMs }) => ({ label: peerLabels[name], values: [cpuMs] })),
  }),
  "memory.svg": barChart({
    title: "Memory, MB",
    series: ["RssAnon", "RSS"],
    groups: lines.map(({ name, memory: { rssAnonMb, rssMb } }) => ({
      ...{ label: peerLabels[name], values: [rssAnonMb, rssMb] },
    })),
  }),
});

const startPlot = ({ lines }: StartResult): Plots => ({
  "start.svg": barChart({
    title: "From the start of the program, ms",
    series: ["cold", "warm"],
    groups: lines.map(({ what, coldMs, warmMs }) => ({ label: what, values: [coldMs, warmMs] })),
  }),
});

/** What spans more than three powers of ten would be one line up the axis. */
const WIDE = 1_000;

const growthPlots = (curves: readonly Curve[]): Plots =>
  Object.fromEntries(
    curves.map(({ of, points }, index) => [
      `growth-${index + 1}.svg`,
      lineChart({
        title: "CPU for a report, ms",
        across: of,
        isLogarithmic: (points.at(-1)?.at ?? 0) > WIDE,
        lines: [{ name: of, points: points.map(({ at, cpuMs }) => ({ at, value: cpuMs })) }],
      }),
    ]),
  );

const drainPlot = (result: DrainResult): Plots => ({
  "drain.svg": lineChart({
    title: "Messages of a backlog a second",
    across: "round trip, ms",
    isLogarithmic: true,
    lines: [
      {
        name: "measured",
        points: result.points.map((point) => ({
          ...{ at: point.roundTripMs, value: point.messagesPerSecond },
        })),
      },
      {
        name: "possible",
        points: result.points.map(({ roundTripMs }) => ({
          ...{ at: roundTripMs, value: possible(result, roundTripMs) },
        })),
      },
    ],
  }),
});

const wirePlots = (result: WireResult): Plots => ({
  "wire.svg": barChart({
    title: "Bytes of IP for a report",
    series: ["up", "down"],
    groups: names.flatMap((name) => {
      const found = figuresOf(result, name);
      if (found === null) return [];
      return [{ label: labels[name], values: [found.figures.up, found.figures.down] }];
    }),
  }),
  "sessions.svg": barChart({
    title: "Bytes of IP for setting a session up",
    series: ["up", "down"],
    groups: (Object.keys(setUps) as (keyof SetUps)[]).map((name) => {
      const { up, down } = result.setUps[name];
      return { label: setUps[name], values: [up.bytes, down.bytes] };
    }),
  }),
});
