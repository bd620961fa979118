import { median, type Noise, noiseOf } from "./statistics.ts";
import { InvalidWindow } from "./window.ts";

/** Milliseconds since its start, by what was reached. */
export type Times = Readonly<Record<string, number>>;

interface ColdAndWarm {
  readonly cold: Times;
  readonly warm: Times;
}

export interface Round {
  readonly emptyNode: ColdAndWarm;
  readonly pipit: ColdAndWarm;
}

export interface StartResult {
  readonly rounds: readonly Round[];
  readonly lines: readonly StartLine[];
}

export interface StartLine {
  readonly what: string;
  readonly coldMs: number;
  readonly warmMs: number;
  /** The furthest that a start lies from these, as a share of them. */
  readonly coldNoise: Noise;
  readonly warmNoise: Noise;
  /** Of the same Node with an empty program. */
  readonly coldRatio: number;
  readonly warmRatio: number;
  /** What `warmMs` may be; null: only reported. */
  readonly limitMs: number | null;
  readonly kept: boolean;
}

/** From stored credentials, warm. */
const FIRST_ACKNOWLEDGED_LIMIT_MS = 300;

/** Medians. @throws InvalidWindow: a cold start was no slower, so that it was none */
export function judgeStarts(rounds: readonly Round[]): readonly StartLine[] {
  const allOf = (who: keyof Round, how: keyof ColdAndWarm, what: string) =>
    rounds.map((round) => round[who][how][what] ?? Number.NaN);
  const medianOf = (...which: Parameters<typeof allOf>) => median(allOf(...which));
  const empty = {
    cold: medianOf("emptyNode", "cold", "endMs"),
    warm: medianOf("emptyNode", "warm", "endMs"),
  };
  const line = (
    what: string,
    who: keyof Round,
    name: string,
    limitMs: number | null = null,
  ): StartLine => {
    const [coldMs, warmMs] = [medianOf(who, "cold", name), medianOf(who, "warm", name)];
    if (!(coldMs > warmMs))
      throw new InvalidWindow(
        `${what}: cold ${coldMs.toFixed(0)} ms, warm ${warmMs.toFixed(0)} ms: the file's pages do not leave the memory here`,
      );
    return {
      what,
      coldMs,
      warmMs,
      coldNoise: noiseOf(allOf(who, "cold", name)),
      warmNoise: noiseOf(allOf(who, "warm", name)),
      coldRatio: coldMs / empty.cold,
      warmRatio: warmMs / empty.warm,
      limitMs,
      kept: limitMs === null || warmMs <= limitMs,
    };
  };
  return [
    line("empty Node, to its end", "emptyNode", "endMs"),
    line("pipit, to READY", "pipit", "readyMs"),
    line(
      "pipit, to the first acknowledged value",
      "pipit",
      "acknowledgedMs",
      FIRST_ACKNOWLEDGED_LIMIT_MS,
    ),
  ];
}

export function startTable(lines: readonly StartLine[]): string {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const rows = lines.map(({ what, coldMs, coldRatio, warmMs, warmRatio, limitMs, kept }) => [
    what,
    ms(coldMs),
    `${coldRatio.toFixed(1)} x`,
    ms(warmMs),
    `${warmRatio.toFixed(1)} x`,
    limitMs === null ? "" : ms(limitMs),
    kept ? "" : "BROKEN",
  ]);
  return [["", "cold", "", "warm", "", "limit", ""], ...rows]
    .map(([name = "", ...rest]) =>
      [name.padEnd(40), ...rest.map((cell) => cell.padStart(8))].join(" ").trimEnd(),
    )
    .join("\n");
}
