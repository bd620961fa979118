import type { Clock, Reading, Readings } from "../ports.ts";
import type { AcceptRule } from "../source.ts";

export interface DeadbandSettings {
  /** For rules that have none of their own. 0: every reading is news. */
  readonly deadband: number;
  /** After so long without an accepted value of a key, any value is news. */
  readonly maxSilenceMs: number;
}

export interface Deadband {
  /** Whether this reading is news by this rule. */
  isNews(rule: AcceptRule, key: string, value: Reading): boolean;
  /** These are in the journal: what comes next is compared with them. */
  accepted(readings: Readings): void;
}

interface Last {
  readonly value: Reading;
  readonly atMs: number;
}

/** Decides before acceptance, and remembers only what was accepted: a sample that the disk refused ate nothing. */
export function createDeadband(clock: Clock, settings: DeadbandSettings): Deadband {
  const lastByKey = new Map<string, Last>();
  return {
    isNews(rule, key, value) {
      const band = rule.deadband ?? settings.deadband;
      if (band === 0 && !rule.onChange) return true;
      const last = lastByKey.get(key);
      if (!last || clock.monotonic() - last.atMs >= settings.maxSilenceMs) return true;
      return hasMoved(last.value, value, band);
    },
    accepted(readings) {
      const atMs = clock.monotonic();
      for (const [key, value] of Object.entries(readings)) lastByKey.set(key, { value, atMs });
    },
  };
}

/** A number by more than the band; anything else when it is another value. */
function hasMoved(before: Reading, now: Reading, band: number): boolean {
  if (typeof before === "number" && typeof now === "number") return Math.abs(now - before) > band;
  return JSON.stringify(before) !== JSON.stringify(now);
}
