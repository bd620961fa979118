import type { Memory } from "./usage.ts";
import type { Course, Window } from "./window.ts";

export interface Run extends Course {
  /** Reports of Pipit before anything is measured: the inventory's child has ended by then. */
  readonly warmUp: number;
  readonly windows: number;
  /** On the limit of the CPU: at one report a second caches stay warm, which helps the C program more. */
  readonly margin: number;
  /** What the C program may need for a report where the machine is fit to measure on, in ms. */
  readonly plausibleFloorMs: readonly [least: number, most: number];
}

export const fullRun: Run = {
  reports: 12,
  intervalMs: 10_000,
  warmUp: 2,
  windows: 5,
  margin: 1,
  plausibleFloorMs: [0.2, 0.8],
};

/** Of many contenders beside one another, with new processes for each window: those say more than more reports of one. */
export const sharedRun: Run = { ...fullRun, reports: 6 };

export const shortRun: Run = {
  reports: 30,
  intervalMs: 1_000,
  warmUp: 10,
  windows: 1,
  margin: 1.3,
  plausibleFloorMs: [0.05, 0.8],
};

export interface CpuResult {
  readonly run: Run;
  readonly windows: readonly Window[];
  readonly memory: { readonly pipit: Memory; readonly floor: Memory };
  readonly lines: readonly Line[];
}

/** Processor time of a report, as a multiple of the C program's. */
const CPU_RATIO = 7.5;

/** Memory that no file stands behind, started as the service is; an empty Node has 8. */
const MOST_ANONYMOUS_MB = 16;

export interface Line {
  readonly what: string;
  readonly pipit: string;
  readonly floor: string;
  readonly ratio: number | null;
  /** Null: only reported. */
  readonly limit: string | null;
  readonly kept: boolean;
}

/** Of several windows the one with the median ratio counts. */
export function judge(
  run: Run,
  windows: readonly Window[],
  memory: CpuResult["memory"],
): readonly Line[] {
  const byRatio = windows.toSorted((a, b) => cpuRatio(a) - cpuRatio(b));
  const median = byRatio[Math.floor(byRatio.length / 2)];
  if (!median) throw new Error("no window was measured");
  const { pipit, floor } = median;
  const ratio = cpuRatio(median);
  const mostRatio = CPU_RATIO * run.margin;
  const children = windows.filter((window) => window.pipit.hadChildren).length;
  const anonymous = memory.pipit.rssAnonMb;
  const mb = (value: number | null) => (value === null ? "?" : `${value.toFixed(1)} MB`);
  const reported = { ratio: null, limit: null, kept: true };
  return [
    {
      what: "CPU per report",
      pipit: `${pipit.cpuMsPerReport.toFixed(3)} ms`,
      floor: `${floor.cpuMsPerReport.toFixed(3)} ms`,
      ratio,
      limit: `${mostRatio.toFixed(2)} x`,
      kept: ratio <= mostRatio,
    },
    {
      what: "windows with a child",
      pipit: String(children),
      floor: "0",
      ratio: null,
      limit: "0",
      kept: children === 0,
    },
    {
      what: "RssAnon",
      pipit: mb(anonymous),
      floor: mb(memory.floor.rssAnonMb),
      ratio: null,
      limit: `${MOST_ANONYMOUS_MB} MB`,
      kept: anonymous <= MOST_ANONYMOUS_MB,
    },
    { what: "RSS", pipit: mb(memory.pipit.rssMb), floor: mb(memory.floor.rssMb), ...reported },
    { what: "PSS", pipit: mb(memory.pipit.pssMb), floor: mb(memory.floor.pssMb), ...reported },
    {
      what: "UDP payload",
      pipit: `${pipit.bytesPerReport.toFixed(0)} B`,
      floor: `${floor.bytesPerReport.toFixed(0)} B`,
      ...reported,
    },
  ];
}

export const cpuRatio = ({ pipit, floor }: Window): number =>
  pipit.cpuMsPerReport / floor.cpuMsPerReport;

export function tableOf(lines: readonly Line[]): string {
  const cells = lines.map(({ what, pipit, floor, ratio, limit, kept }) => [
    what,
    pipit,
    floor,
    ratio === null ? "" : `${ratio.toFixed(2)} x`,
    limit ?? "",
    kept ? "" : "BROKEN",
  ]);
  const rows = [["", "pipit", "C floor", "ratio", "limit", ""], ...cells];
  return rows
    .map(([name = "", ...rest]) =>
      [name.padEnd(20), ...rest.map((cell) => cell.padStart(11))].join(" ").trimEnd(),
    )
    .join("\n");
}
