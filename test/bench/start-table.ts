import { median, type Noise, noiseOf } from "./statistics.ts";
import { InvalidWindow } from "./window.ts";

/** Milliseconds since its start, by what was reached. */
export type Times = Readonly<Record<string, number>>;

interface Ratio {
  readonly value: number;
  readonly noise: Noise;
}

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
  /** To the same Node with an empty program, in the same round. */
  readonly coldRatio: Ratio;
  readonly warmRatio: Ratio;
  /** What `warmMs` may be; null: only reported. */
  readonly limitMs: number | null;
  readonly kept: boolean;
}

/** From stored credentials, warm. */
const FIRST_ACKNOWLEDGED_LIMIT_MS = 300;

/** Medians. @throws InvalidWindow: a cold start was no slower, so that it was none */
export function judgeStarts(rounds: readonly Round[]): readonly StartLine[] {
  const timeOf = (round: Round, who: keyof Round, how: keyof ColdAndWarm, what: string) =>
    round[who][how][what] ?? Number.NaN;
  const medianOf = (who: keyof Round, how: keyof ColdAndWarm, what: string) =>
    median(rounds.map((round) => timeOf(round, who, how, what)));
  const ratioOf = (who: keyof Round, how: keyof ColdAndWarm, what: string): Ratio => {
    const all = rounds.map(
      (round) => timeOf(round, who, how, what) / timeOf(round, "emptyNode", how, "endMs"),
    );
    return { value: median(all), noise: noiseOf(all) };
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
      coldRatio: ratioOf(who, "cold", name),
      warmRatio: ratioOf(who, "warm", name),
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
    `${coldRatio.value.toFixed(1)} x`,
    ms(warmMs),
    `${warmRatio.value.toFixed(1)} x`,
    limitMs === null ? "" : ms(limitMs),
    kept ? "" : "BROKEN",
  ]);
  return [["", "cold", "", "warm", "", "limit", ""], ...rows]
    .map(([name = "", ...rest]) =>
      [name.padEnd(40), ...rest.map((cell) => cell.padStart(8))].join(" ").trimEnd(),
    )
    .join("\n");
}
