import type { Reading, Readings } from "../ports.ts";
import type { Source } from "../source.ts";

export interface DeadbandSettings {
  /** For rules that have none of their own. 0: every reading is news. */
  readonly deadband: number;
  /** At the beat that is nearest to this long after an accepted value of a key, any value is news. */
  readonly maxSilenceMs: number;
  /** Of sources that have no pace of their own. */
  readonly intervalMs: number;
}

export type Paced = Pick<Source, "rule" | "intervalMs" | "schedule">;

/** Moments are those at which a sample was begun, in monotonic milliseconds: how long a look or the disk took does not count. */
export interface Deadband {
  /** Whether this reading is news by the rule of its source. */
  isNews(source: Paced, key: string, value: Reading, atMs: number): boolean;
  /** These are in the journal: what comes next of a key that was asked about is compared with them. */
  accepted(readings: Readings, atMs: number): void;
}

interface Last {
  readonly value: Reading;
  readonly atMs: number;
}

/** A schedule is due once a minute at most. */
const SHORTEST_SCHEDULE_MS = 60_000;

/** Decides before acceptance, and remembers only what was accepted. */
export function createDeadband(settings: DeadbandSettings): Deadband {
  /** Of keys that were asked about and may not be news: by default there is none, and nothing to remember at each beat. */
  const lastByKey = new Map<string, Last | null>();
  /** Beats come a little early or late: at the one that is meant, all but half a beat of the silence has passed. */
  const silenceOf = ({ intervalMs, schedule }: Paced) => {
    const beatMs = schedule === null ? (intervalMs ?? settings.intervalMs) : SHORTEST_SCHEDULE_MS;
    return settings.maxSilenceMs - beatMs / 2;
  };
  return {
    isNews(source, key, value, atMs) {
      const { rule } = source;
      const band = rule.deadband ?? settings.deadband;
      if (band === 0 && !rule.onChange) return true;
      const last = lastByKey.get(key);
      if (last === undefined) lastByKey.set(key, null);
      if (!last || atMs - last.atMs >= silenceOf(source)) return true;
      return hasMoved(last.value, value, band);
    },
    accepted(readings, atMs) {
      for (const key of lastByKey.keys()) {
        const value = readings[key];
        if (value !== undefined && Object.hasOwn(readings, key))
          lastByKey.set(key, { value, atMs });
      }
    },
  };
}

/** A number by more than the band; anything else when it is another value. */
function hasMoved(before: Reading, now: Reading, band: number): boolean {
  if (typeof before === "number" && typeof now === "number") return Math.abs(now - before) > band;
  return JSON.stringify(before) !== JSON.stringify(now);
}
