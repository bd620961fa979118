import type { Config } from "../config/config.ts";
import type { BootClock, Clock, Journal, Json, Logger, Moment, Platform } from "../ports.ts";
import { createStamp } from "./stamp.ts";

/** Why the wall clock is believed. */
export type TimeSource = "synchronised" | "unsynchronised" | "always";

export interface TimelineDeps {
  readonly clock: Clock;
  readonly boot: BootClock;
  readonly journal: Pick<Journal, "noted" | "note" | "lastTs">;
  readonly trust: "auto" | "always";
  /** A plausible clock that nobody synchronises is believed so long after the boot. */
  readonly waitMs: number;
  readonly log: Logger;
}

/** When samples were taken: on a board without a clock of its own, that is often known only later. */
export interface Timeline {
  /** Now, and different from any moment given before. */
  stamp(): Moment;
  /**
   * `ts` of a moment: its own, or worked out from what became known of its boot; null: not known yet; "never": it belongs
   * to an earlier boot whose wall clock nobody ever knew.
   */
  tsOf(taken: Moment): number | null | "never";
  /** Null: the wall clock is not trusted yet, and nothing can be sent. */
  readonly source: TimeSource | null;
  /** Looks whether it is trusted by now. */
  check(): boolean;
  onTrusted(listener: () => void): void;
}

/** Boots whose offset is remembered: samples of older ones have long been sent or dropped. */
const MOST_BOOTS = 8;
const NOTE = "boots";

/** What the journal remembers: wall clock minus monotonic clock, by boot. */
type Offsets = Readonly<Record<string, number>>;

/**
 * The wall clock is trusted at once when the kernel calls it synchronised, else after a while, and never while it lies
 * before this version was built or before the last sample on the disk: a board without RTC starts in 1970, or where the
 * last shutdown left its clock. Once trusted it stays so as long as it is plausible.
 */
export function createTimeline(deps: TimelineDeps): Timeline {
  const { clock, boot, journal, trust, waitMs, log } = deps;
  const { bootId } = boot;
  let offsets = offsetsOf(journal.noted(NOTE));
  const earliestMs = Math.max(boot.builtMs, journal.lastTs ?? 0);
  const latestMs = boot.builtMs + LONGEST_LIFE_MS;
  const stamp = createStamp(clock, journal.lastTs ?? 0);
  const listeners: (() => void)[] = [];
  let lastMonotonicMs = 0;
  let source: TimeSource | null = null;

  const sourceNow = (): TimeSource | null => {
    if (trust === "always") return "always";
    const nowMs = clock.now();
    if (nowMs < earliestMs || nowMs > latestMs) return null;
    if (boot.isSynchronised()) return "synchronised";
    // Since the boot: whoever sets the clock has had this long to do it.
    return source !== null || clock.monotonic() >= waitMs ? "unsynchronised" : null;
  };

  const remember = () => {
    if (offsets[bootId] !== undefined) return;
    const known = Object.entries(offsets).slice(1 - MOST_BOOTS);
    offsets = {
      ...Object.fromEntries(known),
      [bootId]: Math.floor(clock.now() - clock.monotonic()),
    };
    journal.note(NOTE, offsets);
  };

  const check = (): boolean => {
    const before = source;
    source = sourceNow();
    if (source === before) return source !== null;
    if (source === null) {
      log.warn("the clock is not plausible any more, samples wait", { clock: clock.now() });
      return false;
    }
    log.notice("clock trusted", { source });
    remember();
    if (before === null) for (const listener of listeners) listener();
    return true;
  };

  return {
    stamp() {
      const monotonicMs = Math.max(Math.floor(clock.monotonic()), lastMonotonicMs + 1);
      lastMonotonicMs = monotonicMs;
      return { bootId, monotonicMs, ts: check() ? stamp() : null };
    },
    tsOf(taken) {
      if (taken.ts !== null) return taken.ts;
      const offset = offsets[taken.bootId];
      if (offset !== undefined) return offset + taken.monotonicMs;
      return taken.bootId === bootId || source === null ? null : "never";
    },
    get source() {
      return source;
    },
    check,
    onTrusted: (listener) => void listeners.push(listener),
  };
}

/** A clock that runs ahead by more than a board lives is as wrong as one that stands in 1970. */
const LONGEST_LIFE_MS = 25 * 365.25 * 86_400_000;

function offsetsOf(noted: Json | null): Offsets {
  if (typeof noted !== "object" || noted === null || Array.isArray(noted)) return {};
  return Object.fromEntries(
    Object.entries(noted).flatMap(([id, offset]) =>
      typeof offset === "number" ? [[id, offset] as const] : [],
    ),
  );
}

export function openTimeline(
  { clock: { trust, wait } }: Pick<Config, "clock">,
  { clock, boot, journal, log }: Pick<Platform, "clock" | "boot" | "journal" | "log">,
): Timeline {
  return createTimeline({ clock, boot, journal, trust, waitMs: wait, log: log.child("clock") });
}
