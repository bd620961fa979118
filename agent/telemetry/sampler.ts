import { isWorthLogging } from "../backoff.ts";
import { AgentError, kindOf } from "../errors.ts";
import type { Health } from "../health.ts";
import type {
  Awaitable,
  Clock,
  Logger,
  Look,
  Moment,
  Reading,
  Readings,
  TakenSample,
} from "../ports.ts";
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

export function createSampler({ clock, stamp, deadband, health, log }: SamplerDeps): Sampler {
  const inARow = new Map<string, number>();
  /** A look that has not returned is not asked again: a second one would hang beside it. */
  const underway = new Set<string>();
  const clashes = new Set<string>();

  const works = (source: Source, readings: Readings | null) => {
    const id = idOf(source);
    const before = inARow.get(id);
    if (before) log.notice("works again", { source: source.name, failed: before });
    inARow.delete(id);
    health.failing.delete(id);
    health.values.set(id, Object.keys(readings ?? {}).length);
  };

  const collect = (source: Source, look: Look): Awaitable<Readings | null> => {
    const readings = source.collect(look);
    if (!(readings instanceof Promise)) return readings;
    const id = idOf(source);
    underway.add(id);
    return readings.finally(() => underway.delete(id));
  };

  /** What each of them has, in their order; a promise for each, and one more for its end, would cost as much as the looks. */
  const lookAt = (sources: readonly Source[], limits: Limits, signal: AbortSignal) =>
    new Promise<readonly (Readings | null)[]>((resolve, reject) => {
      const taken: (Readings | null)[] = sources.map(() => null);
      let open = 1;
      /** A fault of our own must not leave the sample without an end. */
      const end = (tell: () => void) => {
        try {
          tell();
          if (--open === 0) resolve(taken);
        } catch (bug) {
          reject(bug);
        }
      };
      sources.forEach((source, index) => {
        if (underway.has(idOf(source))) return;
        open++;
        limits.race(source.deadlineMs, (look) => collect(source, look), {
          done: (readings) =>
            end(() => {
              taken[index] = readings;
              works(source, readings);
            }),
          failed: (reason) =>
            end(() => {
              signal.throwIfAborted();
              failed(source, reason);
            }),
        });
      });
      end(() => {});
    });

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
      using limits = openLimits(clock, signal);
      const atMs = clock.monotonic();
      const taken = await lookAt(sources, limits, signal);
      const readings = new Map<string, Reading>();
      sources.forEach((source, index) => {
        const found = taken[index] ?? {};
        for (const key of Object.keys(found)) {
          const reading = found[key];
          if (!isReading(reading) || !deadband.isNews(source, key, reading, atMs)) continue;
          if (readings.has(key)) sayClash(key, source);
          else readings.set(key, reading);
        }
      });
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
