import type { Json } from "../ports.ts";
import { createInstants, type Instants } from "./instants.ts";
import type { Point } from "./telemetry-body.ts";
import type { ValueType } from "./typed-value.ts";

export interface StoredValue {
  readonly ts: number;
  readonly type: ValueType;
  readonly value: Json;
}

export interface KeySeries {
  /** Values of different instants. */
  readonly points: number;
  /** Values that overwrote one of the same instant: a batch that arrived twice. */
  readonly repeats: number;
  readonly latest: StoredValue;
  /** The newest instants, oldest first; see `keepPoints`. */
  readonly recent: readonly StoredValue[];
}

export interface SeriesSnapshot {
  /** Different instants over all keys: what an agent calls samples. */
  readonly samples: number;
  readonly points: number;
  readonly repeats: number;
  readonly keys: Readonly<Record<string, KeySeries>>;
}

export interface SeriesLimits {
  /** Keys of one device. */
  readonly mostKeys: number;
  /** Values kept per key; the counts go on beyond them. */
  readonly keepPoints: number;
  /** Instants remembered per key to tell a repeat; the oldest are forgotten first. */
  readonly rememberTimestamps: number;
  /** Instants remembered over all keys: a sample may come in parts, with others in between. */
  readonly rememberSamples: number;
}

interface Key {
  points: number;
  repeats: number;
  latest: StoredValue;
  readonly seen: Instants;
  readonly recent: Map<number, StoredValue>;
}

/** The time series of one device, rows keyed by (key, ts) as in ThingsBoard. */
export function createSeries(limits: SeriesLimits) {
  const keys = new Map<string, Key>();
  const instants = createInstants(limits.rememberSamples);
  let samples = 0;

  return {
    /** False: these would be too many keys, and none of the points is stored. */
    write(points: readonly Point[]): boolean {
      const fresh = new Set(points.map(({ key }) => key).filter((key) => !keys.has(key)));
      if (keys.size + fresh.size > limits.mostKeys) return false;
      for (const { key, ts, type, value } of points) {
        if (instants.note(ts)) samples++;
        const stored = { ts, type, value };
        const series = keys.get(key) ?? emptyKey(stored, limits.rememberTimestamps);
        keys.set(key, series);
        if (series.seen.note(ts)) series.points++;
        else series.repeats++;
        series.recent.set(ts, stored);
        trim(series.recent, limits.keepPoints);
        // The latest value moves forward only; history is written in any order.
        if (ts >= series.latest.ts) series.latest = stored;
      }
      return true;
    },

    snapshot(): SeriesSnapshot {
      const all = [...keys.values()];
      return {
        samples,
        points: all.reduce((sum, { points }) => sum + points, 0),
        repeats: all.reduce((sum, { repeats }) => sum + repeats, 0),
        keys: Object.fromEntries(
          [...keys].map(([key, { points, repeats, latest, recent }]) => [
            key,
            { points, repeats, latest, recent: [...recent.values()].sort((a, b) => a.ts - b.ts) },
          ]),
        ),
      };
    },
  };
}

const emptyKey = (latest: StoredValue, remembered: number): Key => ({
  points: 0,
  repeats: 0,
  latest,
  seen: createInstants(remembered),
  recent: new Map(),
});

/** Drops the earliest written values; a queue drains oldest first, so that is near enough to the oldest. */
function trim(recent: Map<number, StoredValue>, limit: number): void {
  const [first] = recent.keys();
  if (recent.size > limit && first !== undefined) recent.delete(first);
}
