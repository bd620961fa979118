import type { Moment } from "../ports.ts";
import type { BootOffset, ClockNotes } from "./clock-notes.ts";
import { turnOf } from "./lanes.ts";

/** Nothing is sent with a `ts` that lies ahead of the clock by more: a dashboard would freeze until then. */
export const MOST_AHEAD_MS = 60_000;

/** Boots whose samples still wait, at most: 7 kB of notes. */
const MOST_BOOTS = 128;

type Boots = ClockNotes["boots"];

/** Those that are remembered with one more; what is oldest is forgotten beyond a bound. */
export function withBoot(boots: Boots, bootId: string, offset: BootOffset): Boots {
  const others = Object.entries(boots).filter(([id]) => id !== bootId);
  return Object.fromEntries([...others.slice(1 - MOST_BOOTS), [bootId, offset]]);
}

/** Which lane the next offset takes: not that of the latest one. */
export function nextTurn(boots: Boots): number {
  const latest = Object.values(boots).at(-1);
  if (latest === undefined) return 0;
  return turnOf(latest.exact?.offset ?? latest.first) + 1;
}

/**
 * `ts` of a moment, or null where its boot was never dated. A `ts` that a sample has stays: it may have been sent. Only one
 * that was ahead, as the clock of the same boot showed when it was synchronised later, is replaced: nobody may send it.
 */
export function dated({ ts, monotonicMs }: Moment, offset: BootOffset | undefined): number | null {
  const first = ts ?? (offset ? offset.first + monotonicMs : null);
  const exact = offset?.exact;
  if (first === null || !exact || monotonicMs >= exact.sinceMs) return first;
  const right = exact.offset + monotonicMs;
  return first - right > MOST_AHEAD_MS ? right : first;
}
