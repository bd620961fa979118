import { type Noise, plusMinus } from "./statistics.ts";

/** A backlog on its way to a server that answers after this time. */
export interface DrainPoint {
  readonly roundTripMs: number;
  readonly messagesPerSecond: number;
  readonly samplesPerSecond: number;
  /** Processor time, in ms, for each sample that leaves; what is sampled meanwhile is in it. */
  readonly cpuMsPerSample: number;
  /** Of these. */
  readonly noise: { readonly rate: Noise; readonly cpu: Noise };
}

export interface DrainResult {
  /** Messages under way together, and the most that the agent sends in a second. */
  readonly places: number;
  readonly mostPerSecond: number;
  readonly points: readonly DrainPoint[];
}

/** Of what the round trip allows. */
export const LEAST_SHARE = 0.6;

/** Messages a second: so many under way in a round trip, and the agent's own bound. */
export const possible = ({ places, mostPerSecond }: DrainResult, roundTripMs: number): number =>
  Math.min((places * 1_000) / roundTripMs, mostPerSecond);

export const shareOf = (result: DrainResult, point: DrainPoint): number =>
  point.messagesPerSecond / possible(result, point.roundTripMs);

export const tooSlow = (result: DrainResult): readonly string[] =>
  result.points
    .filter((point) => !(shareOf(result, point) >= LEAST_SHARE))
    .map(
      (point) =>
        `${point.messagesPerSecond.toFixed(1)} messages/s at a round trip of ${point.roundTripMs} ms, where ${possible(result, point.roundTripMs).toFixed(0)} are possible`,
    );

export function drainTable(result: DrainResult): string {
  const rows = result.points.map((point) => [
    `${point.roundTripMs} ms`,
    point.messagesPerSecond.toFixed(1),
    possible(result, point.roundTripMs).toFixed(0),
    `${(100 * shareOf(result, point)).toFixed(0)} %`,
    point.samplesPerSecond.toFixed(0),
    plusMinus(point.noise.rate),
    point.cpuMsPerSample.toFixed(3),
    plusMinus(point.noise.cpu),
  ]);
  const head = [
    "round trip",
    "messages/s",
    "possible",
    "share",
    "samples/s",
    "noise",
    "CPU ms/sample",
  ];
  return [[...head, "noise"], ...rows]
    .map((cells) => cells.map((cell) => cell.padStart(15)).join(""))
    .join("\n");
}
