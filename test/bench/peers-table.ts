import { mean, median, type Noise, noiseOf, plusMinus } from "./statistics.ts";
import type { Memory } from "./usage.ts";
import type { Course } from "./window.ts";

export const peerLabels = {
  floor: "C floor",
  pipit: "pipit",
  collectd: "collectd, network plug-in",
  exporter: "node exporter, scraped",
  coapthon: "Python, CoAPthon3",
  shell: "shell loop, coap-client",
  usual: "Node, coap + systeminformation",
  aiocoap: "Python, aiocoap",
  python: "Python, bare socket",
} as const;

export type PeerName = keyof typeof peerLabels;
export const peerNames = Object.keys(peerLabels) as readonly PeerName[];

/** The contenders that are scripts, as people are told to write them, or run on Node. Pipit has to be ahead of these. */
export const BEHIND: readonly PeerName[] = ["coapthon", "shell", "usual"];
/** No contenders: written for the benchmark, to show how little a report can take. They keep nothing and sync nothing. */
export const YARDSTICKS: readonly PeerName[] = ["floor", "aiocoap", "python"];
/** Those of them that Debian has, and what it takes to judge that. */
export const gateNames: readonly PeerName[] = ["floor", "pipit", "shell", "usual"];

/** What one report costs in one window. */
export interface PeerFigures {
  readonly cpuMs: number;
  readonly bytes: number;
  /**
   * Of Pipit: what has reached its disk, for a sample that a power cut leaves. Of the others: what they have written to files at all, for
   * none of them syncs. Null: nobody could measure it.
   */
  readonly writtenBytes: number | null;
  readonly hadChildren: boolean;
}

/** Of all that were measured; of these two always. */
export type OfPeers<T> = Readonly<Partial<Record<PeerName, T>> & Record<"floor" | "pipit", T>>;
export type PeerWindow = OfPeers<PeerFigures>;

export interface PeerMeasurement {
  readonly windows: readonly PeerWindow[];
  /** Of each at the end of the one in which it had most. */
  readonly memory: OfPeers<Memory>;
}

export interface PeerResult extends PeerMeasurement {
  readonly run: Course;
  readonly lines: readonly PeerLine[];
}

export interface PeerLine {
  readonly name: PeerName;
  readonly cpuMs: number;
  /** Of the C program, and of Pipit, in the same window. */
  readonly toFloor: number;
  readonly toPipit: number;
  /** Of `toPipit`. */
  readonly noise: Noise;
  readonly bytes: number;
  /** As in `PeerFigures`. */
  readonly writtenBytes: number | null;
  readonly hadChildren: boolean;
  readonly memory: Memory;
}

export function peerLines({ windows, memory }: PeerMeasurement): readonly PeerLine[] {
  return peerNames.flatMap((name) => {
    const itsMemory = memory[name];
    const own = windows.flatMap(({ [name]: figures, pipit, floor }) =>
      figures
        ? [
            {
              ...figures,
              toPipit: figures.cpuMs / pipit.cpuMs,
              toFloor: figures.cpuMs / floor.cpuMs,
            },
          ]
        : [],
    );
    if (own.length === 0 || itsMemory === undefined) return [];
    const ratios = own.map(({ toPipit }) => toPipit);
    return {
      name,
      cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
      toFloor: median(own.map(({ toFloor }) => toFloor)),
      toPipit: median(ratios),
      noise: noiseOf(ratios),
      bytes: mean(own.map(({ bytes }) => bytes)),
      writtenBytes: own.some(({ writtenBytes }) => writtenBytes === null)
        ? null
        : mean(own.map(({ writtenBytes }) => writtenBytes ?? 0)),
      hadChildren: own.some(({ hadChildren }) => hadChildren),
      memory: itsMemory,
    };
  });
}

/** Of `names` those that Pipit has to be ahead of and is not, or that are missing. */
export const notBehind = (
  lines: readonly PeerLine[],
  names: readonly PeerName[] = peerNames,
): readonly string[] =>
  BEHIND.filter((name) => {
    if (!names.includes(name)) return false;
    const line = lines.find((one) => one.name === name);
    return !(line !== undefined && line.toPipit > 1);
  }).map((name) => peerLabels[name]);

/** For a sample that a power cut leaves, in words; "?": nobody could measure it. */
export function safeBytesOf({
  name,
  writtenBytes,
}: Pick<PeerLine, "name" | "writtenBytes">): string {
  if (writtenBytes === null) return "?";
  if (writtenBytes === 0) return "none";
  return `${writtenBytes.toFixed(0)}${name === "pipit" ? "" : ", not synced"}`;
}

export function peersTable(lines: readonly PeerLine[]): string {
  const megabytes = (value: number | null) => (value === null ? "?" : value.toFixed(1));
  const rows = lines.map(({ name, cpuMs, toFloor, toPipit, noise, ...rest }) => [
    peerLabels[name],
    cpuMs.toFixed(2),
    toFloor.toFixed(1),
    toPipit.toFixed(2),
    plusMinus(noise),
    rest.hadChildren ? "yes" : "no",
    megabytes(rest.memory.rssAnonMb),
    megabytes(rest.memory.rssMb),
    rest.bytes.toFixed(0),
    safeBytesOf({ name, writtenBytes: rest.writtenBytes }),
  ]);
  const head = [
    ["", "CPU ms", "x C", "x pipit", "noise", "children", "RssAnon", "RSS MB", "sent B", "safe B"],
  ];
  return [...head, ...rows]
    .map(([name = "", ...cells]) =>
      [name.padEnd(32), ...cells.map((cell) => ` ${cell.padStart(8)}`)].join("").trimEnd(),
    )
    .join("\n");
}
