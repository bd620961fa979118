import { setTimeout as sleep } from "node:timers/promises";
import { type Accounts, accountFor } from "./accounts.ts";
import { type Course, weathers } from "./course.ts";
import { lookAt } from "./look-at.ts";
import type { Look } from "./settled.ts";
import { type SoakBoard, startSoakBoard } from "./soak-board.ts";
import { startSoakServer } from "./soak-server.ts";

const LOOK_MS = 3_000;

export interface SoakOptions {
  readonly course: Course;
  readonly folder: string;
  readonly intervalMs: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface SoakRun {
  readonly looks: readonly Look[];
  readonly accounts: readonly Accounts[];
  readonly ends: readonly (number | string)[];
}

/** The agent has ended before it was told to. */
export class EndedByItself extends Error {}

/**
 * Two boards under the same weather: one is the executable, at which is looked from outside alone; the other tells its heap.
 * @throws EndedByItself
 */
export async function runSoak(options: SoakOptions): Promise<SoakRun> {
  const { course, folder, intervalMs, seed, say } = options;
  await using server = await startSoakServer(seed);
  const start = (name: string, notesHeap: boolean) => {
    const token = server.admit(name);
    return startSoakBoard({ name, notesHeap, folder, intervalMs, token, port: server.port });
  };
  await using executable = await start("executable", false);
  await using bundle = await start("bundle", true);
  const boards = [executable, bundle];
  const failure = Promise.race(boards.map((board) => board.failure())).catch((error: unknown) => {
    throw new EndedByItself("an agent has ended by itself", { cause: error });
  });
  const broken = Promise.withResolvers<never>();
  const underWay = new Set<Promise<void>>();
  const handIn = (board: SoakBoard) => {
    const done: Promise<void> = board
      .handInNext()
      .catch(broken.reject)
      .finally(() => underWay.delete(done));
    underWay.add(done);
  };
  const beat = setInterval(() => boards.forEach(handIn), intervalMs);
  const looks: Look[] = [];
  const startMs = performance.now();
  const now = () => performance.now() - startMs;
  try {
    for (const { cycle, weather, toMs } of course.phases) {
      server.setWeather(weathers[weather]);
      while (now() < toMs) {
        const pause = sleep(Math.min(LOOK_MS, Math.max(0, toMs - now())));
        await Promise.race([pause, failure, broken.promise]);
        const heapMb = bundle.heapBytes() / 1e6;
        const backlog = backlogOf(executable, server.storedOf(executable.name).size);
        server.storedOf(bundle.name); // noted before the server forgets it
        looks.push({ atMs: now(), ...lookAt(executable.pid), heapMb, backlog });
      }
      say(phaseLine(cycle, weather, looks.at(-1)));
    }
  } finally {
    clearInterval(beat);
    await Promise.all(underWay);
  }
  const ends: (number | string)[] = [];
  for (const board of boards) ends.push(await board.end());
  const accounts: Accounts[] = [];
  for (const board of boards) {
    const { waiting, dropped } = await board.left();
    accounts.push(accountFor(board.handed, server.storedOf(board.name), waiting, dropped));
    if (board.complaint !== null) say(`${board.name}: ${board.complaint}`);
  }
  return { looks, accounts, ends };
}

const backlogOf = ({ handed }: SoakBoard, stored: number) =>
  Math.max(0, handed.accepted.size - stored);

function phaseLine(cycle: number, weather: string, look: Look | undefined): string {
  const { rssAnonMb = 0, heapMb = 0, descriptors = 0, threads = 0, backlog = 0 } = look ?? {};
  return [
    `${cycle + 1}`.padStart(3),
    ` ${weather.padEnd(14)}`,
    `RssAnon ${rssAnonMb.toFixed(1)} MB, heap ${heapMb.toFixed(2)} MB, `,
    `${descriptors} descriptors, ${threads} threads, backlog ${backlog}`,
  ].join("");
}
