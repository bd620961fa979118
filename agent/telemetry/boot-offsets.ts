import type { Moment } from "../ports.ts";
import type { BootOffset, ClockNotes, Span } from "./clock-notes.ts";
import { turnOf } from "./lanes.ts";

/** Nothing is sent with a `ts` that lies ahead of the clock by more: a dashboard would freeze until then. */
export const MOST_AHEAD_MS = 60_000;

/** What lies ahead of the clock waits for its time, but not for ever: beyond this it was dated by a clock that was absurd. */
export const ABSURD_MS = 86_400_000;

/** Boots whose samples still wait, at most: 10 kB of notes. */
const MOST_BOOTS = 128;
const MOST_SPANS = 8;

/** A clock that differs by less from what it was is the same clock, slewed. */
const SAME_CLOCK_MS = 1_000;

type Boots = ClockNotes["boots"];

/** Those that are remembered with one more; what is oldest is forgotten beyond a bound. */
export function withBoot(boots: Boots, bootId: string, offset: BootOffset): Boots {
  const others = Object.entries(boots).filter(([id]) => id !== bootId);
  return Object.fromEntries([...others.slice(1 - MOST_BOOTS), [bootId, offset]]);
}

/** The clock is trusted from now on, and tells when those samples were taken that have no time yet. */
export function withSpan(known: BootOffset | undefined, now: Span): BootOffset {
  const spans = known?.spans ?? [];
  const exact = known?.exact ?? null;
  const last = spans.at(-1);
  if (last && Math.abs(now.offset - last.offset) < SAME_CLOCK_MS)
    return { spans: [...spans.slice(0, -1), { ...last, untilMs: now.untilMs }], exact };
  return { spans: [...spans.slice(1 - MOST_SPANS), now], exact };
}

/**
 * The clock is synchronised from now on. What was dated before stays as it is, because it may have been sent; but where
 * nothing was sent by the last span (`isUnused`), it is corrected.
 */
export function withExact({ spans, exact }: BootOffset, now: Span, isUnused: boolean): BootOffset {
  const last = spans.at(-1);
  const corrected =
    isUnused && last ? [...spans.slice(0, -1), { ...last, offset: now.offset }] : spans;
  return { spans: corrected, exact: exact ?? now };
}

/** Which lane the next offset takes: not that of the latest one. */
export function nextTurn(boots: Boots): number {
  const latest = Object.values(boots).at(-1)?.spans.at(-1);
  return latest === undefined ? 0 : turnOf(latest.offset) + 1;
}

/**
 * `ts` of a moment, or null where the clock was not trusted after it. In a boot that is over, what was known last must do.
 * A `ts` that a sample has stays: it may have been sent. Only one that was absurd is replaced, when the clock of the same
 * boot has been synchronised since.
 */
export function dated(
  { ts, monotonicMs }: Moment,
  offset: BootOffset | undefined,
  isOver: boolean,
): number | null {
  const first = ts ?? backdated(monotonicMs, offset, isOver);
  const exact = offset?.exact;
  if (first === null || !exact || monotonicMs >= exact.untilMs) return first;
  const right = exact.offset + monotonicMs;
  return first - right > ABSURD_MS ? right : first;
}

function backdated(monotonicMs: number, offset: BootOffset | undefined, isOver: boolean) {
  const span = offset?.spans.find(({ untilMs }) => monotonicMs < untilMs);
  const known = span ?? (isOver ? offset?.spans.at(-1) : undefined);
  return known === undefined ? null : known.offset + monotonicMs;
}
