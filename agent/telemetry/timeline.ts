import { isWorthLogging } from "../backoff.ts";
import type { Config } from "../config/config.ts";
import type { BootClock, Clock, Journal, Logger, Moment, Platform } from "../ports.ts";
import {
  ABSURD_MS,
  dated,
  MOST_AHEAD_MS,
  nextTurn,
  withBoot,
  withExact,
  withSpan,
} from "./boot-offsets.ts";
import { CLOCK_NOTE, type ClockNotes, clockNotesOf, jsonOf } from "./clock-notes.ts";
import { backdatingOffset, SLOT_MS, slotOf } from "./lanes.ts";
import { createStamp } from "./stamp.ts";
import { isTrusted, judgeClock, type TimeSource } from "./trust.ts";

export interface TimelineDeps {
  readonly clock: Clock;
  readonly boot: BootClock;
  readonly journal: Pick<Journal, "noted" | "note" | "sync" | "lastTs">;
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
   * `ts` of a moment: its own, or worked out from what became known of its boot. Null: not known yet, or it lies ahead of
   * the clock, and has to wait. "never": it belongs to an earlier boot whose wall clock nobody ever knew, or was absurd.
   */
  tsOf(taken: Moment): number | null | "never";
  /** It lies ahead of the clock, as it is now, by more than may be sent. */
  isAhead(ts: number): boolean;
  /** Null: the wall clock is not trusted yet, and nothing can be sent. */
  readonly source: TimeSource | null;
  /** Looks whether it is trusted by now. */
  check(): boolean;
  /** Called whenever more samples may have a time than before. */
  onTrusted(listener: () => void): void;
  /** Called whenever `source` is another one. */
  onSource(listener: () => void): void;
  /** Nothing waits any more: earlier boots can be forgotten. */
  drained(): void;
}

/** Trust in the wall clock (trust.ts), what was learnt from it (boot-offsets.ts), and stamps that never repeat (stamp.ts). */
export function createTimeline(deps: TimelineDeps): Timeline {
  const { clock, boot, journal, trust, waitMs, log } = deps;
  const { bootId, builtMs } = boot;
  let notes = clockNotesOf(journal.noted(CLOCK_NOTE));
  const note = (changed: Partial<ClockNotes>) => {
    notes = { ...notes, ...changed };
    journal.note(CLOCK_NOTE, jsonOf(notes));
  };
  const lastTs = Math.max(journal.lastTs ?? 0, notes.lastTs);
  if (lastTs > notes.lastTs) note({ lastTs });
  /** The last known time, unless whoever knew it was ahead. */
  let knownMs = lastTs > notes.disproved.ts ? lastTs : notes.disproved.atMs;
  const disprove = (ts: number, atMs: number) => {
    note({ lastTs: Math.max(ts, notes.lastTs), disproved: { ts, atMs } });
    knownMs = atMs;
  };

  const trusted = new Set<() => void>();
  const changed = new Set<() => void>();
  let source: TimeSource | null = null;
  let lastMonotonicMs = 0;
  /** As it is on the disk: only by that a sample may be dated, so that it has the same `ts` ever after. */
  let boots = notes.boots;
  /** Samples of this boot have no time yet; those of an earlier run, too. */
  let hasUndated = true;
  /** Nothing was sent by the last span: it may still become better. */
  let isUnused = false;
  /** What was just learnt is not on the disk yet. */
  let isLearning = false;
  let doubts = 0;

  const stamp = createStamp({
    clock,
    before: { lastTs, passes: notes.passes },
    onSetBack({ lastTs: ts, passes }) {
      note({ passes });
      disprove(ts, clock.now());
    },
  });

  const learn = async () => {
    const untilMs = clock.monotonic();
    const offset = backdatingOffset(clock.now(), untilMs, nextTurn(notes.boots));
    const before = notes.boots[bootId];
    let here = before;
    if (here === undefined || hasUndated) {
      here = withSpan(here, { offset, untilMs });
      isUnused = here.spans.length !== before?.spans.length;
      hasUndated = false;
    }
    if (source === "synchronised") here = withExact(here, { offset, untilMs }, isUnused);
    const known = withBoot(notes.boots, bootId, here);
    note({ boots: known });
    isLearning = true;
    await journal.sync();
    isLearning = false;
    boots = known;
    for (const listener of trusted) listener();
  };

  const check = (): boolean => {
    const nowMs = clock.now();
    const judged = judgeClock({
      ...{ trust, nowMs, builtMs, knownMs, waitMs },
      isSynchronised: boot.isSynchronised(),
      upMs: clock.monotonic(),
      wasTrusted: source !== null,
    });
    const before = source;
    source = isTrusted(judged) ? judged : null;
    if (!isTrusted(judged)) {
      const hint = "an NTP service sets it, or timedatectl; samples wait: docs/clock.md";
      if ((before !== null || clock.monotonic() >= waitMs) && isWorthLogging(++doubts))
        log.warn("the clock is not trusted", { reason: judged, clock: nowMs, hint });
    } else if (source !== before) {
      log.notice("clock trusted", { source });
      // While the disk still knows later times, at least the present one is known with every boot.
      if (nowMs < knownMs) disprove(notes.lastTs, nowMs);
      else if (nowMs < notes.disproved.ts) disprove(notes.disproved.ts, nowMs);
      void learn();
    }
    if (source !== before) for (const listener of changed) listener();
    return source !== null;
  };

  const undatable = new Set<string>();
  const sayUndatable = (taken: Moment) => {
    if (undatable.has(taken.bootId)) return;
    undatable.add(taken.bootId);
    const { bootId: ofBoot, wallMs } = taken;
    log.warn("samples given up, nobody knows when they were taken", {
      boot: ofBoot,
      clock: wallMs,
    });
  };

  const isAhead = (ts: number) => ts > clock.now() + MOST_AHEAD_MS;

  return {
    stamp() {
      const slot = slotOf(Math.floor(clock.monotonic()));
      const monotonicMs = Math.max(slot, lastMonotonicMs + SLOT_MS);
      lastMonotonicMs = monotonicMs;
      if (check()) return { bootId, monotonicMs, ts: stamp() };
      hasUndated = true;
      return { bootId, monotonicMs, ts: null, wallMs: clock.now() };
    },
    tsOf(taken) {
      const isHere = taken.bootId === bootId;
      if (isHere && isLearning && taken.ts === null) return null;
      const ts = dated(taken, boots[taken.bootId], !isHere);
      if (ts !== null && taken.ts === null && isHere) isUnused = false;
      if (ts !== null && !isAhead(ts)) return ts;
      const mayBeDated = ts === null ? source === null : source !== "synchronised";
      if (isHere || mayBeDated || (ts !== null && ts - clock.now() <= ABSURD_MS)) return null;
      sayUndatable(taken);
      return "never";
    },
    isAhead,
    get source() {
      return source;
    },
    check,
    onTrusted: (listener) => void trusted.add(listener),
    onSource: (listener) => void changed.add(listener),
    drained() {
      const here = boots[bootId];
      if (!here || Object.keys(boots).length === 1) return;
      boots = { [bootId]: here };
      note({ boots });
    },
  };
}

export function openTimeline(
  { clock: { trust, wait } }: Pick<Config, "clock">,
  { clock, boot, journal, log }: Pick<Platform, "clock" | "boot" | "journal" | "log">,
): Timeline {
  return createTimeline({ clock, boot, journal, trust, waitMs: wait, log: log.child("clock") });
}
