import type { Span } from "./arrivals.ts";
import type { Site } from "./site.ts";

/** One part of a fleet's life, from `from` until before `to`, in seconds. */
export interface Chapter extends Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** The whole site is switched on at its begin. */
  readonly isPowerOn: boolean;
  /** After the begin of the chapter, or after what it is about: until the last board was online. Null: nobody was away. */
  readonly allOnlineAfterS: number | null;
  /** Of all devices together, where the server has one. */
  readonly limit: TenantLimit | null;
}

export interface TenantLimit {
  readonly perSecond: number;
  /** Until no board had a backlog; null: some still had when patience was at an end. */
  readonly caughtUpAfterS: number | null;
  /** So many. */
  readonly behind: number;
}

export interface Happened {
  readonly allOnlineAfterS?: number;
  readonly limit?: TenantLimit;
}

/** Tells a course chapter by chapter. `patienceS`: how long boards may take to come online. */
export function createChapters(
  site: Site,
  { say, patienceS }: { readonly say: (text: string) => void; readonly patienceS: number },
) {
  const told: Chapter[] = [];
  const { boards } = site;

  const pass = async (seconds: number) => {
    for (let left = seconds; left > 0; left--) await site.second();
  };
  const untilAllOnline = async () => {
    const from = site.now();
    while (site.online() < boards.length) {
      if (site.now() - from > patienceS) throw new Error(absentees(boards));
      await site.second();
    }
    return site.now() - from;
  };
  const add = async (name: string, isPowerOn: boolean, act: () => Promise<Happened>) => {
    const from = site.now();
    const { allOnlineAfterS = null, limit = null } = await act();
    const to = site.now();
    const span = site.arrivals.span(from, to);
    const chapter = { name, from, to, isPowerOn, allOnlineAfterS, limit, ...span };
    told.push(chapter);
    say(lineOf(chapter, site.countsRequests));
    return chapter;
  };

  return {
    told: told as readonly Chapter[],
    pass,
    /** Resolves to how many seconds it took. Rejects when patience is at an end, with what one of the boards says. */
    untilAllOnline,
    chapter: (name: string, act: () => Promise<Happened>) => add(name, false, act),
    /** The whole site at once, until the last board is online. */
    powerOn: (name: string) =>
      add(name, true, async () => {
        await Promise.all(boards.map((board) => board.powerOn()));
        return { allOnlineAfterS: await untilAllOnline() };
      }),
    steady: (seconds: number) =>
      add("steady", false, async () => {
        await pass(seconds);
        return {};
      }),
    async powerCut(darkS: number) {
      for (const board of boards) board.powerCut();
      await pass(darkS);
    },
  };
}

export type Chapters = ReturnType<typeof createChapters>;

function absentees(boards: Site["boards"]): string {
  const absent = boards.filter(({ isOnline }) => !isOnline);
  return `${absent.length} boards do not come online; one of them says: ${absent[0]?.says}`;
}

/** One line of the table; what nobody has counted is left empty. */
export function lineOf(chapter: Chapter, isCounted: boolean): string {
  const { name, from, to, requests, failed, meanPerSecond, peakPerSecond } = chapter;
  const { allOnlineAfterS, limit } = chapter;
  const notes = [
    ...(allOnlineAfterS === null ? [] : [`all online after ${allOnlineAfterS} s`]),
    ...(limit === null ? [] : [limitNote(chapter, limit)]),
  ];
  const ratio = requests === 0 ? "" : (peakPerSecond / meanPerSecond).toFixed(1);
  const counts = [`${requests}`, `${failed}`, meanPerSecond.toFixed(1), `${peakPerSecond}`, ratio];
  const row = [name, `${from}-${to} s`, ...(isCounted ? counts : counts.map(() => ""))];
  return `${inColumns(row)} ${notes.join(", ")}`.trimEnd();
}

const limitNote = ({ meanPerSecond }: Span, { perSecond, caughtUpAfterS, behind }: TenantLimit) =>
  `offered ${(meanPerSecond / perSecond).toFixed(1)} x the limit of ${perSecond}/s, ${
    caughtUpAfterS === null
      ? `${behind} have not caught up`
      : `all caught up after ${caughtUpAfterS} s`
  }`;

const WIDTHS = [12, 9, 8, 9, 7, 6] as const;

const inColumns = ([name = "", ...numbers]: readonly string[]) =>
  name.padEnd(36) + numbers.map((text, at) => text.padStart(WIDTHS[at] ?? 0)).join("");

export const headLine = inColumns(["", "when", "requests", "5.00", "mean/s", "peak/s", "ratio"]);
