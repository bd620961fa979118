import { expect } from "vitest";
import type { Readings } from "../../agent/ports.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import type { SeriesSnapshot } from "../../agent/sandbox/series.ts";
import { type HandedIn, readingsOf } from "./handed-in.ts";
import { type Waiting, waitingIn } from "./waiting.ts";

/** Of a device that is not there yet. */
const noTelemetry: SeriesSnapshot = { samples: 0, points: 0, repeats: 0, keys: {} };

const telemetryOf = (server: Sandbox, deviceName: string): SeriesSnapshot =>
  server.state().devices[deviceName]?.telemetry ?? noTelemetry;

/** The numbers that were accepted and that the server does not have. */
export function undeliveredOf(
  handed: HandedIn,
  server: Sandbox,
  deviceName: string,
): readonly number[] {
  const { keys } = telemetryOf(server, deviceName);
  const found = new Set(keys["n"]?.recent.map(({ value }) => Number(value)));
  return [...handed.accepted.difference(found)];
}

export const allIsDelivered = (handed: HandedIn, server: Sandbox, deviceName: string): boolean =>
  undeliveredOf(handed, server, deviceName).length === 0;

/** Every `ts` of a sample, on the server or still waiting; in order. */
export function timesOf(server: Sandbox, deviceName: string, waiting: Waiting): readonly number[] {
  const { keys } = telemetryOf(server, deviceName);
  const there = Object.values(keys).flatMap(({ recent }) => recent.map(({ ts }) => ts));
  const here = waiting.entries.flatMap(({ ts }) => (ts === null ? [] : [ts]));
  return [...new Set([...there, ...here])].toSorted((one, other) => one - other);
}

interface Verdict {
  /** Acknowledged, and neither on the server nor in the journal. */
  readonly lost: readonly number[];
  /** Sent and never answered, and nowhere, either. */
  readonly vanished: number;
  /** There, and never sent, or refused, or with other values than were sent. */
  readonly invented: readonly number[];
  /** Under more than one `ts`. */
  readonly doubled: readonly number[];
}

/** Where the numbers are that were handed in: on the server, by (device, key, ts), or still waiting. */
function whereabouts({ handed, server, deviceName }: Accounts, waiting: Waiting): Verdict {
  const places = new Map<number, Set<number | null>>();
  const wrong = new Set<number>();
  const see = (ts: number | null, readings: Readings) => {
    const n = Number(readings["n"]);
    places.set(n, (places.get(n) ?? new Set()).add(ts));
    const isSent = Number.isInteger(n) && n >= 1 && n <= handed.sent && !handed.refused.has(n);
    const expected: Readings = readingsOf(n);
    if (!isSent || Object.entries(readings).some(([key, value]) => expected[key] !== value))
      wrong.add(n);
  };
  const { keys } = telemetryOf(server, deviceName);
  const others = ["twice", "note"].map(
    (key) => [key, new Map(keys[key]?.recent.map(({ ts, value }) => [ts, value]))] as const,
  );
  for (const { ts, value } of keys["n"]?.recent ?? []) {
    const beside = others.map(([key, values]) => [key, values.get(ts)] as const);
    const known = beside.filter(([, other]) => other !== undefined);
    see(ts, Object.fromEntries([["n", value], ...known]) as Readings);
  }
  for (const { ts, readings } of waiting.entries)
    if (readings["n"] !== undefined) see(ts, readings);
  const lost = [...handed.accepted].filter((n) => !places.has(n));
  const unanswered = Array.from({ length: handed.sent }, (_, index) => index + 1).filter(
    (n) => !handed.accepted.has(n) && !handed.refused.has(n),
  );
  return {
    lost,
    vanished: unanswered.filter((n) => !places.has(n)).length,
    invented: [...wrong],
    doubled: [...places].filter(([, at]) => at.size > 1).map(([n]) => n),
  };
}

export interface Accounts {
  readonly handed: HandedIn;
  readonly server: Sandbox;
  readonly deviceName: string;
  readonly stateDir: string;
  /** Its journal is so small that it drops; then it must have no readings of its own, so that its counter can be exact. */
  readonly isBounded?: boolean;
}

/** Four messages of 32 samples: on the server, and not noted on the disk when the life ended. */
const MOST_UNNOTED = 128;

export interface Counted {
  /** What the counter says. */
  readonly dropped: number;
  /**
   * Of these at least so many are on the server, too: delivered, killed before that was on the disk, and dropped by the bound
   * before they went once more. No protocol can tell the board: the answer may as well have been lost on its way.
   */
  readonly both: number;
}

/**
 * Every number that was accepted is on the server once, or waits, or is counted as dropped; nothing else is there. While no
 * agent runs; `lives` have ended without a word. @throws AssertionError
 */
export async function expectAllAccounted(
  accounts: Accounts,
  context: string,
  lives = 1,
): Promise<Counted> {
  const waiting = await waitingIn(accounts.stateDir);
  expect(waiting.said, context).toEqual([]);
  expect(waiting.stats, context).toMatchObject({ storage: "disk", problem: null });
  const { lost, vanished, ...verdict } = whereabouts(accounts, waiting);
  expect(verdict, context).toEqual({ invented: [], doubled: [] });
  const { dropped, droppedBy } = waiting.stats;
  if (accounts.isBounded !== true) {
    expect({ lost, droppedBy }, context).toEqual({ lost: [], droppedBy: {} });
    return { dropped: 0, both: 0 };
  }
  expect(Object.keys(droppedBy), context).toEqual(dropped > 0 ? ["size"] : []);
  expect(dropped, `${context}: accepted, and nowhere`).toBeGreaterThanOrEqual(lost.length);
  // What was stored and not answered before the end counts, too.
  const both = Math.max(0, dropped - lost.length - vanished);
  expect(both, `${context}: dropped and on the server`).toBeLessThanOrEqual(lives * MOST_UNNOTED);
  return { dropped, both };
}

/** How many that were accepted are neither on the server nor waiting. */
export const lostOf = async (accounts: Accounts): Promise<number> =>
  whereabouts(accounts, await waitingIn(accounts.stateDir)).lost.length;
