import { isWorthLogging } from "../backoff.ts";
import { AgentError, kindOf } from "../errors.ts";
import type { Clock, Collect, Logger, Reading, Readings, Sample } from "../ports.ts";
import { withDeadline } from "../timing.ts";

/** A collector that has not answered by now is skipped for this beat. */
const COLLECT_DEADLINE_MS = 2_000;

export interface Source {
  readonly name: string;
  readonly collect: Collect;
}

export interface SamplerDeps {
  readonly sources: readonly Source[];
  /** Only these keys are sent: `[system] metrics`. */
  readonly keys: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Sampler {
  /** One look at everything; null when not one reading could be taken. One bad source never costs another. */
  sample(signal: AbortSignal): Promise<Sample | null>;
}

export function createSampler({ sources, keys, clock, log }: SamplerDeps): Sampler {
  const inARow = new Map<string, number>();
  /** A look that never returned is not asked again: a second one would hang beside it. */
  const stuck = new Set<string>();
  let lastTs = 0;

  const look = async ({ name, collect }: Source, signal: AbortSignal): Promise<Readings | null> => {
    if (stuck.has(name)) return null;
    const late = () => new AgentError("sensor", `no answer within ${COLLECT_DEADLINE_MS} ms`);
    try {
      const readings = await withDeadline(
        clock,
        COLLECT_DEADLINE_MS,
        signal,
        late,
        async (limited) => {
          stuck.add(name);
          try {
            return await collect({ monotonicMs: clock.monotonic(), signal: limited });
          } finally {
            stuck.delete(name);
          }
        },
      );
      const before = inARow.get(name);
      if (before) log.notice("collector works again", { collector: name, failed: before });
      inARow.delete(name);
      return readings;
    } catch (error) {
      signal.throwIfAborted();
      failed(name, error);
      return null;
    }
  };

  /** Also for what no collector should throw: a fault in one file of ours is no reason to lose the others' readings. */
  const failed = (name: string, error: unknown) => {
    const count = (inARow.get(name) ?? 0) + 1;
    inARow.set(name, count);
    if (!isWorthLogging(count)) return;
    if (kindOf(error) === "sensor") {
      log.warn("collector failed", { collector: name, error: messageOf(error), count });
    } else {
      const stack = error instanceof Error ? error.stack : undefined;
      log.error("collector failed, a bug", {
        collector: name,
        error: messageOf(error),
        count,
        stack,
      });
    }
  };

  return {
    async sample(signal) {
      const looks = await Promise.all(sources.map((source) => look(source, signal)));
      const readings: Record<string, Reading> = {};
      for (const taken of looks) {
        for (const [key, reading] of Object.entries(taken ?? {})) {
          if (keys.has(key) && isReading(reading)) readings[key] = reading;
        }
      }
      if (Object.keys(readings).length === 0) return null;
      lastTs = nextTs(clock.now(), lastTs);
      return { ts: lastTs, readings };
    },
  };
}

/** NaN and Infinity are no readings: JSON has no word for them, and would carry "null" instead. */
const isReading = (reading: Reading) => typeof reading !== "number" || Number.isFinite(reading);

/** A clock set back by more than this is believed. */
const CLOCK_STEP_MS = 1_000;

/** The server stores by (device, key, ts): two samples in a row never share a millisecond, nor swap places. */
const nextTs = (nowMs: number, lastTs: number): number =>
  nowMs > lastTs || lastTs - nowMs > CLOCK_STEP_MS ? nowMs : lastTs + 1;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
