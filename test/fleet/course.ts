import { type Span, spanOf } from "./arrivals.ts";
import type { Balance, Site } from "./site.ts";

/** One part of a fleet's life, from `from` until before `to`, in seconds. */
export interface Chapter extends Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** The whole site is switched on at its begin. */
  readonly isPowerOn: boolean;
  /** After the begin of the chapter, or after what it is about: until the last board was online. Null: nobody was away. */
  readonly allOnlineAfterS: number | null;
}

export interface Course {
  readonly chapters: readonly Chapter[];
  /** Bytes of heap after a collection, minute by minute. */
  readonly soakHeap: readonly number[];
  readonly balance: Balance;
}

export interface CourseOptions {
  readonly soakMinutes: number;
  readonly say: (text: string) => void;
  /** Collects, and returns what is left. */
  readonly heapBytes: () => number;
}

const DARK_S = 60;
const RESTART_S = 60;
const OVERLOAD_S = 120;
const STEADY_S = 120;
/** EXCHANGE_LIFETIME (RFC 7252 §4.8.2) and some: until then the stand-in remembers what it has answered in the overload. */
const FORGET_S = 300;
const PATIENCE_S = 3_600;

/** First power-on, steady state, a power cut of the whole site, a restart and an overload of the server, a soak. */
export async function runCourse(site: Site, options: CourseOptions): Promise<Course> {
  const { soakMinutes, say, heapBytes } = options;
  const { boards, sandbox, arrivals } = site;
  const chapters: Chapter[] = [];

  const pass = async (seconds: number) => {
    for (let left = seconds; left > 0; left--) await site.second();
  };
  /** Resolves to how long it took. */
  const untilAllOnline = async () => {
    const from = site.now();
    while (site.online() < boards.length) {
      if (site.now() - from > PATIENCE_S)
        throw new Error(`${boards.length - site.online()} boards do not come online`);
      await site.second();
    }
    return site.now() - from;
  };
  const chapter = async (name: string, act: () => Promise<number | null>) => {
    const from = site.now();
    const allOnlineAfterS = await act();
    const to = site.now();
    const isPowerOn = act === powerOn;
    const told = {
      name,
      from,
      to,
      isPowerOn,
      allOnlineAfterS,
      ...spanOf(arrivals.seconds.slice(from, to)),
    };
    chapters.push(told);
    say(lineOf(told));
  };
  const steady = async () => {
    await pass(STEADY_S);
    return null;
  };
  const powerOn = async () => {
    await Promise.all(boards.map((board) => board.powerOn()));
    return untilAllOnline();
  };

  await chapter("first power-on", powerOn);
  await chapter("steady", steady);
  for (const board of boards) board.powerCut();
  await pass(DARK_S);
  await chapter("power is back", powerOn);
  await chapter("steady", steady);
  await chapter(`server away for ${RESTART_S} s`, async () => {
    sandbox.setFaults({ outage: true });
    sandbox.restart();
    await pass(RESTART_S);
    sandbox.setFaults({ outage: false });
    const after = await untilAllOnline();
    await pass(STEADY_S);
    return after;
  });
  await chapter(`every second answer 5.00 for ${OVERLOAD_S} s`, async () => {
    sandbox.setFaults({ failPercent: 50 });
    await pass(OVERLOAD_S);
    sandbox.setFaults({ failPercent: 0 });
    const after = await untilAllOnline();
    await pass(STEADY_S);
    return after;
  });
  const soakHeap: number[] = [];
  if (soakMinutes > 0) await pass(FORGET_S);
  await chapter(`soak of ${soakMinutes} minutes`, async () => {
    for (let minute = 0; minute <= soakMinutes; minute++) {
      soakHeap.push(heapBytes());
      if (minute < soakMinutes) await pass(60);
    }
    return null;
  });
  return { chapters, soakHeap, balance: site.balance() };
}

export function lineOf({ name, from, to, requests, failed, ...rest }: Chapter): string {
  const { meanPerSecond, peakPerSecond, allOnlineAfterS } = rest;
  const online = allOnlineAfterS === null ? "" : `all online after ${allOnlineAfterS} s`;
  return [
    name.padEnd(36),
    `${from}-${to} s`.padStart(12),
    `${requests}`.padStart(9),
    `${failed}`.padStart(8),
    meanPerSecond.toFixed(1).padStart(9),
    `${peakPerSecond}`.padStart(7),
    (requests === 0 ? "" : (peakPerSecond / meanPerSecond).toFixed(1)).padStart(6),
    ` ${online}`,
  ]
    .join("")
    .trimEnd();
}

export const headLine = [
  "".padEnd(36),
  "when".padStart(12),
  "requests".padStart(9),
  "5.00".padStart(8),
  "mean/s".padStart(9),
  "peak/s".padStart(7),
  "ratio".padStart(6),
].join("");
