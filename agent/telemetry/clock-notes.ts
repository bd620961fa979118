import type { Json } from "../ports.ts";

/** Wall clock minus monotonic clock of a boot, in milliseconds. */
export interface BootOffset {
  /** As it became known first: by it the samples are dated that were taken before. */
  readonly first: number;
  /** As it was when the clock became synchronised; null: it never did. */
  readonly exact: { readonly offset: number; readonly sinceMs: number } | null;
}

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
  const offsets = Object.entries(membersOf(boots)).flatMap(([id, offset]) => {
    const { first, exact, sinceMs } = membersOf(offset);
    if (typeof first !== "number") return [];
    const isExact = typeof exact === "number" && typeof sinceMs === "number";
    return [[id, { first, exact: isExact ? { offset: exact, sinceMs } : null }] as const];
  });
  return {
    boots: Object.fromEntries(offsets),
    lastTs: numberOr0(lastTs),
    passes: numberOr0(passes),
    disproved: { ts: numberOr0(ts), atMs: numberOr0(atMs) },
  };
}

export const jsonOf = ({ boots, lastTs, passes, disproved }: ClockNotes): Json => ({
  boots: Object.fromEntries(
    Object.entries(boots).map(([id, { first, exact }]) => [
      id,
      exact === null ? { first } : { first, exact: exact.offset, sinceMs: exact.sinceMs },
    ]),
  ),
  lastTs,
  passes,
  disproved: { ...disproved },
});

const numberOr0 = (value: Json | undefined) => (typeof value === "number" ? value : 0);

const membersOf = (value: Json | undefined): Readonly<Record<string, Json | undefined>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};
