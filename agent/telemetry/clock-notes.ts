import type { Json } from "../ports.ts";

/** What to add to the monotonic clock of a boot to get the wall clock, in milliseconds. */
export interface Span {
  readonly offset: number;
  /** Monotonic time at which it became known: by it samples are dated that were taken before. */
  readonly untilMs: number;
}

export interface BootOffset {
  /** One for each time that the clock became trusted and showed something else than before; never empty. */
  readonly spans: readonly Span[];
  /** As it was when the clock became synchronised; null: it never did. */
  readonly exact: Span | null;
}

/** The name of the note. */
export const CLOCK_NOTE = "clock";

/** What the journal remembers of clocks beside the samples; small, because it is written anew with every change. */
export interface ClockNotes {
  /** By boot id, oldest first; only boots whose wall clock was trusted. */
  readonly boots: Readonly<Record<string, BootOffset>>;
  /** No earlier run gave a `ts` beyond it. */
  readonly lastTs: number;
  /** See `GivenBefore`. */
  readonly passes: number;
  /** Whoever gave times up to `ts` had a clock that ran ahead: `atMs` was the time when that was found out. */
  readonly disproved: { readonly ts: number; readonly atMs: number };
}

export function clockNotesOf(noted: Json | null): ClockNotes {
  const { boots, lastTs, passes, disproved } = membersOf(noted);
  const { ts, atMs } = membersOf(disproved);
  const offsets = Object.entries(membersOf(boots)).flatMap(([id, noted]) => {
    const { spans, exact } = membersOf(noted);
    const known = Array.isArray(spans) ? spans.flatMap((span) => spanOf(span) ?? []) : [];
    return known.length === 0 ? [] : [[id, { spans: known, exact: spanOf(exact) }] as const];
  });
  return {
    boots: Object.fromEntries(offsets),
    lastTs: numberOr0(lastTs),
    passes: numberOr0(passes),
    disproved: { ts: numberOr0(ts), atMs: numberOr0(atMs) },
  };
}

/** Of two journals of one board: what either knows. */
export function bothClockNotes(one: Json | null, other: Json | null): Json {
  const [ours, theirs] = [clockNotesOf(one), clockNotesOf(other)];
  const isLater = theirs.disproved.ts > ours.disproved.ts;
  return jsonOf({
    boots: { ...theirs.boots, ...ours.boots },
    lastTs: Math.max(ours.lastTs, theirs.lastTs),
    passes: Math.max(ours.passes, theirs.passes),
    disproved: isLater ? theirs.disproved : ours.disproved,
  });
}

export const jsonOf = ({ boots, lastTs, passes, disproved }: ClockNotes): Json => ({
  boots: Object.fromEntries(
    Object.entries(boots).map(([id, { spans, exact }]) => [
      id,
      { spans: spans.map(pairOf), exact: exact && pairOf(exact) },
    ]),
  ),
  lastTs,
  passes,
  disproved: { ...disproved },
});

const pairOf = ({ offset, untilMs }: Span) => [offset, untilMs] as const;

function spanOf(noted: Json | undefined): Span | null {
  const [offset, untilMs] = Array.isArray(noted) ? noted : [];
  return typeof offset === "number" && typeof untilMs === "number" ? { offset, untilMs } : null;
}

const numberOr0 = (value: Json | undefined) => (typeof value === "number" ? value : 0);

const membersOf = (value: Json | undefined): Readonly<Record<string, Json | undefined>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};
