/** Why the wall clock is believed. */
export type TimeSource = "synchronised" | "unsynchronised" | "always";

export interface ClockFacts {
  readonly trust: "auto" | "always";
  readonly nowMs: number;
  /** When this version was made. */
  readonly builtMs: number;
  /** The latest time that an earlier run knew; 0: none. */
  readonly knownMs: number;
  readonly isSynchronised: boolean;
  /** Since the boot. */
  readonly upMs: number;
  /** A plausible clock that nobody synchronises is believed so long after the boot. */
  readonly waitMs: number;
  /** It was believed until now. */
  readonly wasTrusted: boolean;
}

/** Why it is not. */
export type Doubt =
  | "before this version was made"
  | "too far ahead"
  | "before the last sample on the disk"
  | "not synchronised yet";

/** A clock that runs ahead by more than a board lives is as wrong as one that stands in 1970. */
const LONGEST_LIFE_MS = 25 * 365.25 * 86_400_000;

/**
 * The last known time may itself have been wrong, by a clock that ran ahead: a machine that nothing synchronises must not
 * be silent for ever. A clock that merely lost an hour in a power cut has caught up long before.
 */
const OVERRULED_AFTER_MS = 6 * 3_600_000;

/**
 * A synchronised clock is believed at once, even against the last known time: that one is wrong then. Others must lie
 * behind it: a board without a clock chip starts in 1970, or where the last shutdown left its clock.
 */
export function judgeClock(facts: ClockFacts): TimeSource | Doubt {
  const { nowMs, builtMs, knownMs, upMs, waitMs } = facts;
  if (facts.trust === "always") return "always";
  if (nowMs < builtMs) return "before this version was made";
  if (nowMs > builtMs + LONGEST_LIFE_MS) return "too far ahead";
  if (facts.isSynchronised) return "synchronised";
  if (nowMs < knownMs && upMs < Math.max(OVERRULED_AFTER_MS, waitMs))
    return "before the last sample on the disk";
  // Since the boot: whoever sets the clock has had this long to do it.
  return facts.wasTrusted || upMs >= waitMs ? "unsynchronised" : "not synchronised yet";
}

export const isTrusted = (judged: TimeSource | Doubt): judged is TimeSource =>
  judged === "synchronised" || judged === "unsynchronised" || judged === "always";
