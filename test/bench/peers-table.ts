import type { Memory } from "./usage.ts";

export const peerLabels = {
  floor: "C floor",
  pipit: "pipit",
  collectd: "collectd, network plug-in",
  exporter: "node exporter, scraped",
  python: "Python loop",
  shell: "shell loop, coap-client",
  usual: "Node, coap + systeminformation",
} as const;

export type PeerName = keyof typeof peerLabels;
export const peerNames = Object.keys(peerLabels) as readonly PeerName[];

/** What one report costs in one window. */
export interface PeerFigures {
  readonly cpuMs: number;
  readonly bytes: number;
  /** To the disk, for a sample that a power cut leaves; null: it keeps none, or nobody could measure it. */
  readonly safeBytes: number | null;
  readonly hadChildren: boolean;
}

export type PeerWindow = Readonly<Record<PeerName, PeerFigures>>;

export interface PeerResult {
  readonly windows: readonly PeerWindow[];
  readonly memory: Readonly<Record<PeerName, Memory>>;
}

export interface PeerLine {
  readonly name: PeerName;
  readonly cpuMs: number;
  /** Of the C program, and of Pipit, in the same window. */
  readonly toFloor: number;
  readonly toPipit: number;
  /** The furthest that a window's ratio to Pipit lies from `toPipit`, as a share of it. */
  readonly noise: number;
  readonly bytes: number;
  /** As in `PeerFigures`. */
  readonly safeBytes: number | null;
  readonly hadChildren: boolean;
  readonly memory: Memory;
}

/**
 * Pipit has to be ahead of these. Not of the loop in Python: with a bare socket, no journal and no sync it takes a third of what Pipit
 * takes, and docs/benchmark.md says so.
 */
const BEHIND: readonly PeerName[] = ["shell", "usual"];

export function peerLines({ windows, memory }: PeerResult): readonly PeerLine[] {
  return peerNames.map((name) => {
    const own = windows.map((window) => window[name]);
    const ratios = windows.map((window) => window[name].cpuMs / window.pipit.cpuMs);
    const toPipit = median(ratios);
    return {
      name,
      cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
      toFloor: median(windows.map((window) => window[name].cpuMs / window.floor.cpuMs)),
      toPipit,
      noise: Math.max(...ratios.map((ratio) => Math.abs(ratio / toPipit - 1))),
      bytes: mean(own.map(({ bytes }) => bytes)),
      safeBytes: own.some(({ safeBytes }) => safeBytes === null)
        ? null
        : mean(own.map(({ safeBytes }) => safeBytes ?? 0)),
      hadChildren: own.some(({ hadChildren }) => hadChildren),
      memory: memory[name],
    };
  });
}

/** Names those that Pipit is not ahead of. */
export const notBehind = (lines: readonly PeerLine[]): readonly string[] =>
  lines
    .filter(({ name, toPipit }) => BEHIND.includes(name) && !(toPipit > 1))
    .map(({ name }) => peerLabels[name]);

export function peersTable(lines: readonly PeerLine[]): string {
  const megabytes = (value: number | null) => (value === null ? "?" : value.toFixed(1));
  const rows = lines.map(({ name, cpuMs, toFloor, toPipit, noise, ...rest }) => [
    peerLabels[name],
    cpuMs.toFixed(2),
    toFloor.toFixed(1),
    toPipit.toFixed(2),
    `±${(100 * noise).toFixed(0)} %`,
    rest.hadChildren ? "yes" : "no",
    megabytes(rest.memory.rssAnonMb),
    megabytes(rest.memory.rssMb),
    rest.bytes.toFixed(0),
    rest.safeBytes?.toFixed(0) ?? (name === "pipit" ? "?" : "none"),
  ]);
  const head = [
    ["", "CPU ms", "x C", "x pipit", "noise", "children", "RssAnon", "RSS MB", "sent B", "safe B"],
  ];
  return [...head, ...rows]
    .map(([name = "", ...cells]) =>
      [name.padEnd(32), ...cells.map((cell) => cell.padStart(9))].join("").trimEnd(),
    )
    .join("\n");
}

const mean = (values: readonly number[]) =>
  values.reduce((total, value) => total + value, 0) / values.length;
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
