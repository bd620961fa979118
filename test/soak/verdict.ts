import { slope, slopeBounds } from "../support/slope.ts";
import type { Accounts } from "./accounts.ts";
import type { Settled } from "./settled.ts";

/** A segment of the journal may be open for reading at one look and not at another. */
const MORE_DESCRIPTORS = 1;
const MORE_THREADS = 0;
/** The first thousands of reports still fill it with compiled code and garbage that nobody has collected: 10 MB were seen. */
const MORE_RSS_ANON_MB = 12;
/** One under way in each of the two looks that a reading passes. */
const MOST_BACKLOG = 2;

/** Memory that may grow by so many bytes a report. */
interface Room {
  readonly what: string;
  readonly megabytes: (state: Settled) => number;
  readonly most: number;
  /** Growth that comes to an end: a slope of a short run may be nothing else. */
  readonly warmUpMb: number;
  /** As much may be garbage at one look and collected at another, and hide growth. */
  readonly garbageMb: number;
}

/** A board may report once a minute for a year. */
const rooms: readonly Room[] = [
  {
    what: "RssAnon",
    megabytes: ({ rssAnonMb }) => rssAnonMb,
    most: 300, // 192 MB is what the unit gives (MemoryMax), and 30 are in use
    warmUpMb: 10,
    garbageMb: 4,
  },
  {
    what: "heap",
    megabytes: ({ heapMb }) => heapMb,
    most: 120, // Node ends above 64 MB of old space (build/node-flags.ts)
    warmUpMb: 1,
    garbageMb: 0,
  },
];

export interface Line {
  readonly what: string;
  readonly found: string;
  readonly limit: string;
  /** Null: this run cannot tell. */
  readonly kept: boolean | null;
}

export interface Soak {
  /** Cycle by cycle, without the warm-up. */
  readonly settled: readonly Settled[];
  readonly reportsPerCycle: number;
  readonly hadChildren: boolean;
  /** Of every board. */
  readonly accounts: readonly Accounts[];
  /** Exit codes after SIGTERM, or signals. */
  readonly ends: readonly (number | string)[];
}

/** What has to hold of an agent that runs for long. */
export function judge(soak: Soak): readonly Line[] {
  const { settled, reportsPerCycle, hadChildren, accounts, ends } = soak;
  const [first, last] = [settled[0], settled.length > 1 ? settled.at(-1) : undefined];
  const growth = (what: string, of: (state: Settled) => number, most: number, digits = 0): Line => {
    const grown = first && last ? of(last) - of(first) : null;
    return {
      what: `${what}: settled at the end, less at the start`,
      found: grown === null ? "no two cycles" : grown.toFixed(digits),
      limit: `${most}`,
      kept: grown === null ? null : grown <= most,
    };
  };
  const none = (what: string, of: (each: Accounts) => number): Line => {
    const found = accounts.reduce((sum, each) => sum + of(each), 0);
    return { what, found: `${found}`, limit: "0", kept: found === 0 };
  };
  const backlog = Math.max(...settled.map((state) => state.backlog));
  return [
    growth("descriptors", ({ descriptors }) => descriptors, MORE_DESCRIPTORS),
    growth("threads", ({ threads }) => threads, MORE_THREADS),
    growth("RssAnon, MB", ({ rssAnonMb }) => rssAnonMb, MORE_RSS_ANON_MB, 1),
    ...rooms.map((room) => perReport(room, settled, reportsPerCycle)),
    {
      what: "backlog in clean weather, readings",
      found: settled.length === 0 ? "no cycle" : `${backlog}`,
      limit: `${MOST_BACKLOG}`,
      kept: settled.length === 0 ? null : backlog <= MOST_BACKLOG,
    },
    {
      what: "child processes after the warm-up",
      found: settled.length === 0 ? "no cycle" : hadChildren ? "some" : "0",
      limit: "0",
      kept: settled.length === 0 ? null : !hadChildren,
    },
    none("readings that the agent did not take", ({ notTaken }) => notTaken),
    none("readings lost", ({ lost }) => lost),
    none("readings stored twice", ({ doubled }) => doubled),
    none("readings invented", ({ invented }) => invented),
    {
      what: "exit codes after SIGTERM",
      found: ends.join(", "),
      limit: "0",
      kept: ends.every((end) => end === 0),
    },
  ];
}

/** Kept or broken only where both bounds of the slope say so. */
function perReport(room: Room, settled: readonly Settled[], reportsPerCycle: number): Line {
  const { what, megabytes, most, warmUpMb, garbageMb } = room;
  const bytes = settled.map((state) => megabytes(state) * 1e6);
  const line = { what: `${what}, bytes a report`, limit: `${most}` };
  if (bytes.some(Number.isNaN)) return { ...line, found: "none was noted", kept: null };
  const bounds = slopeBounds(bytes);
  if (bounds === null)
    return { ...line, found: `${bytes.length} cycles, 4 are needed`, kept: null };
  const reports = reportsPerCycle * (bytes.length - 1);
  const least = bounds.least / reportsPerCycle - (warmUpMb * 1e6) / reports;
  const upTo = bounds.most / reportsPerCycle + (garbageMb * 1e6) / reports;
  const [middle, from, to] = [slope(bytes) / reportsPerCycle, least, upTo].map((value) =>
    value.toFixed(0),
  );
  const kept = upTo <= most ? true : least > most ? false : null;
  return { ...line, found: `${middle} (${from} to ${to})`, kept };
}

/** 1 where a limit is broken, 2 where one could not be told: that is no pass. */
export function exitCodeOf(lines: readonly Line[]): number {
  if (lines.some(({ kept }) => kept === false)) return 1;
  return lines.some(({ kept }) => kept === null) ? 2 : 0;
}

/** "TOO SHORT": to tell. */
const words = { true: "kept     ", false: "BROKEN   ", null: "TOO SHORT" } as const;

export const verdictText = ({ what, found, limit, kept }: Line): string =>
  `${words[`${kept}`]}  ${what}: ${found}, at most ${limit}`;
