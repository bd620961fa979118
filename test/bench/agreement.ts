import { cpuRatio } from "./budget.ts";
import { shareOf } from "./drain-table.ts";
import { peerLabels } from "./peers-table.ts";
import type { AllFound } from "./results.ts";
import { MOST_NOISE, median, type Noise, noiseOf } from "./statistics.ts";
import { labels, names, overheadOf, type WireResult } from "./wire-table.ts";

/** A ratio within one run, and how far the run itself says that it may be off. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly noise: Noise;
}

/** All ratios that a run states with a noise, and what of the wire is exact. */
export function figuresOf(found: AllFound): readonly Figure[] {
  const { cpu, start, peers, growth, drain, wire } = found;
  const figures: Figure[] = [];
  if ("result" in cpu) {
    const ratios = cpu.result.windows.map(cpuRatio);
    figures.push({ name: "CPU, x C floor", value: median(ratios), noise: noiseOf(ratios) });
  }
  if ("result" in peers)
    for (const { name, toPipit, noise } of peers.result.lines)
      if (name !== "pipit")
        figures.push({ name: `${peerLabels[name]}, x pipit`, value: toPipit, noise });
  if ("result" in start) {
    for (const { what, coldRatio, warmRatio } of start.result.lines.slice(1))
      figures.push(
        { name: `${what}, cold`, ...coldRatio },
        { name: `${what}, warm`, ...warmRatio },
      );
  }
  if ("result" in growth)
    for (const { of, points } of growth.result)
      for (const { at, ratio, noise } of points.slice(1))
        figures.push({ name: `${of} ${at}, x the first`, value: ratio, noise });
  if ("result" in drain)
    for (const point of drain.result.points)
      figures.push({
        name: `drain at ${point.roundTripMs} ms, share of what is possible`,
        value: shareOf(drain.result, point),
        noise: point.noise.rate,
      });
  if ("result" in wire) figures.push(...onTheWire(wire.result));
  return figures;
}

function onTheWire({ windows, withCpu }: WireResult): readonly Figure[] {
  return names.flatMap((name) => {
    if (name === "floor") return [];
    const own = windows.flatMap(({ [name]: figures, floor }) =>
      figures && floor ? [{ figures, floor }] : [],
    );
    // Whole bytes, of which the mean is no more than a sum of fractions.
    const overhead = own.map(({ figures }) => Math.round(overheadOf(figures)));
    const cpu = own.map(({ figures, floor }) => figures.cpuMs / floor.cpuMs);
    return [
      { name: `${labels[name]}, bytes beside the JSON`, of: overhead },
      ...(withCpu ? [{ name: `${labels[name]} on the wire, x C floor`, of: cpu }] : []),
    ].flatMap(({ name, of }) =>
      of.length === 0 ? [] : [{ name, value: median(of), noise: noiseOf(of) }],
    );
  });
}

export interface Compared {
  readonly name: string;
  readonly one: number;
  readonly other: number;
  /** By how much they may differ by the noise of both; null: one of them states none. */
  readonly may: Noise;
  readonly verdict: Verdict;
}

/** "too noisy": within a noise that lets anything agree. */
export type Verdict = "agrees" | "DIFFERS" | "too noisy" | "?";

/** Of what both runs have. */
export function compared(one: readonly Figure[], other: readonly Figure[]): readonly Compared[] {
  return one.flatMap(({ name, value, noise }) => {
    const again = other.find((figure) => figure.name === name);
    if (again === undefined) return [];
    const may = both(noise, again.noise);
    const ratio = Math.max(value / again.value, again.value / value);
    return { name, one: value, other: again.value, may, verdict: verdictOf(ratio, may) };
  });
}

function verdictOf(ratio: number, may: Noise): Verdict {
  if (may === null) return "?";
  if (!(ratio <= 1 + may)) return "DIFFERS";
  return may > MOST_NOISE ? "too noisy" : "agrees";
}

/** Of a quotient, where both are off by as much as they may. */
const both = (one: Noise, other: Noise): Noise =>
  one === null || other === null ? null : (1 + one) * (1 + other) - 1;
