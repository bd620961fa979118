import { isWorthLogging } from "../backoff.ts";
import { AgentError, kindOf } from "../errors.ts";
import type { Health } from "../health.ts";
import type { Awaitable, Clock, Logger, Moment, Reading, Readings, TakenSample } from "../ports.ts";
import type { Source } from "../source.ts";
import type { Deadband } from "./deadband.ts";
import { type Limits, openLimits } from "./limits.ts";

export interface SamplerDeps {
  readonly clock: Clock;
  readonly stamp: () => Moment;
  readonly deadband: Deadband;
  readonly health: Health;
  readonly log: Logger;
}

export interface Sampler {
  /** One look at these; null when there is no news. One bad source never costs another. */
  sample(sources: readonly Source[], signal: AbortSignal): Promise<TakenSample | null>;
}

/** Null: there is nothing, and that is no fault. Undefined: it failed, or one before it still hangs. */
type Taken = Readings | null | undefined;

export function createSampler({ clock, stamp, deadband, health, log }: SamplerDeps): Sampler {
  const inARow = new Map<string, number>();
  /** A look that has not returned is not asked again: a second one would hang beside it. */
  const underway = new Set<string>();
  const clashes = new Set<string>();

  const works = (source: Source, values: number) => {
    const id = idOf(source);
    const before = inARow.get(id);
    if (before) {
      log.notice("works again", { source: source.name, failed: before });
      inARow.delete(id);
    }
    health.failing.delete(id);
    health.values.set(id, values);
  };

  const later = async (
    source: Source,
    given: Promise<Readings | null>,
    limits: Limits,
    signal: AbortSignal,
  ): Promise<Taken> => {
    const id = idOf(source);
    underway.add(id);
    try {
      return await limits.race(
        source.deadlineMs,
        given.finally(() => underway.delete(id)),
      );
    } catch (error) {
      signal.throwIfAborted();
      failed(source, error);
      return undefined;
    }
  };

  /** What each of them has, in their order. Nearly all have it at once: a promise for each would cost as much as the looks. */
  const lookAt = (
    sources: readonly Source[],
    limits: Limits,
    signal: AbortSignal,
  ): Awaitable<readonly Taken[]> => {
    const taken: Taken[] = [];
    const late: Promise<unknown>[] = [];
    for (const source of sources) {
      const index = taken.push(undefined) - 1;
      if (underway.has(idOf(source))) continue;
      let given: Awaitable<Readings | null>;
      try {
        given = source.collect(limits.look(source.deadlineMs));
      } catch (error) {
        failed(source, error);
        continue;
      }
      if (!(given instanceof Promise)) taken[index] = given;
      else
        late.push(
          later(source, given, limits, signal).then((readings) => {
            taken[index] = readings;
          }),
        );
    }
    return late.length === 0 ? taken : Promise.all(late).then(() => taken);
  };

  /** Also for what no source should throw: a fault in one file of ours is no reason to lose the others' readings. */
  const failed = (source: Source, error: unknown) => {
    const id = idOf(source);
    const count = (inARow.get(id) ?? 0) + 1;
    inARow.set(id, count);
    health.sensorErrors++;
    health.values.delete(id);
    health.failing.set(id, { source: source.name, error: messageOf(error), count });
    if (!isWorthLogging(count)) return;
    const fields = { source: source.name, error: messageOf(error), count };
    if (error instanceof AgentError && kindOf(error) === "sensor") {
      log.warn("reading failed", { ...fields, hint: error.hint });
    } else {
      const stack = error instanceof Error ? error.stack : undefined;
      log.error("reading failed, a bug", { ...fields, stack });
    }
  };

  const sayClash = (key: string, source: Source) => {
    if (clashes.has(key)) return;
    clashes.add(key);
    const hint = "give one of them another key in [[sensors]]";
    log.warn("two sources give one key, the first counts", { key, source: source.name, hint });
  };

  return {
    async sample(sources, signal) {
      signal.throwIfAborted();
      const atMs = clock.monotonic();
      using limits = openLimits(clock, signal);
      const given = lookAt(sources, limits, signal);
      const taken = given instanceof Promise ? await given : given;
      const readings = new Map<string, Reading>();
      for (let index = 0; index < sources.length; index++) {
        const source = sources[index];
        const found = taken[index];
        if (source === undefined || found === undefined) continue;
        const keys = Object.keys(found ?? {});
        works(source, keys.length);
        for (const key of keys) {
          const reading = found?.[key];
          if (!isReading(reading) || !deadband.isNews(source, key, reading, atMs)) continue;
          if (readings.has(key)) sayClash(key, source);
          else readings.set(key, reading);
        }
      }
      if (readings.size === 0) return null;
      return { taken: stamp(), readings: Object.fromEntries(readings) };
    },
  };
}

const ids = new WeakMap<Source, string>();

/** A collector's keys may be split over sources of several paces, which share its name. */
function idOf(source: Source): string {
  const known = ids.get(source);
  if (known !== undefined) return known;
  const id = `${source.name} ${Object.keys(source.keys).join()}`;
  ids.set(source, id);
  return id;
}

/** NaN and Infinity are no readings: JSON has no word for them, and would carry "null" instead. */
const isReading = (reading: Reading | undefined): reading is Reading =>
  reading !== undefined && (typeof reading !== "number" || Number.isFinite(reading));

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
