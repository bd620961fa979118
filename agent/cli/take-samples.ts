import type { Collector, CollectorSettings } from "../collectors/collector.ts";
import type { Selection } from "../collectors/select.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Collect, Host, Reading, Readings, Sample } from "../ports.ts";
import { sleep, withDeadline } from "../timing.ts";

/** As long as the agent itself waits for a collector. */
const LOOK_DEADLINE_MS = 2_000;

export interface TakenSample extends Sample {
  /** Where a collector is missing from it, all its readings are there or absent by nature. */
  readonly failures: ReadonlyMap<Collector, AgentError>;
  /** How long the look took. */
  readonly tookMs: number;
}

export interface SampleDeps {
  readonly host: Host;
  readonly clock: Clock;
  readonly selection: Selection;
  readonly settings: CollectorSettings;
  readonly count: number;
  /** Between two looks; rates are means over it. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

interface Source {
  readonly collector: Collector;
  readonly collect: Collect;
}

/** `count` samples. The first one takes two looks, unless one already shows everything: a rate needs a baseline. */
export async function* takeSamples(deps: SampleDeps): AsyncGenerator<TakenSample, void> {
  const { host, clock, selection, settings, count, intervalMs, signal } = deps;
  const sources = selection.collectors.map((collector) => ({
    collector,
    collect: collector.open(host, settings),
  }));
  let look = await lookAt(sources, deps);
  if (look.incomplete) {
    await sleep(clock, intervalMs, signal);
    look = await lookAt(sources, deps);
  }
  yield look.sample;
  for (let taken = 1; taken < count; taken++) {
    await sleep(clock, intervalMs, signal);
    yield (await lookAt(sources, deps)).sample;
  }
}

/** One look at everything: what was read, in the order of the collectors, and what failed. */
async function lookAt(sources: readonly Source[], deps: SampleDeps) {
  const { clock, selection } = deps;
  const startedMs = clock.monotonic();
  const looks = await Promise.all(
    sources.map(async (source) => [source.collector, await lookAtOne(source, deps)] as const),
  );
  const tookMs = clock.monotonic() - startedMs;
  const readings: Record<string, Reading> = {};
  const failures = new Map<Collector, AgentError>();
  let incomplete = false;
  for (const [collector, look] of looks) {
    if (look instanceof AgentError) failures.set(collector, look);
    if (look === null || look instanceof AgentError) continue;
    for (const key of Object.keys(collector.keys)) {
      const reading = look[key];
      if (!selection.keys.has(key)) continue;
      if (reading === undefined) incomplete = true;
      else readings[key] = reading;
    }
  }
  return { incomplete, sample: { ts: clock.now(), readings, failures, tookMs } };
}

async function lookAtOne(
  { collect }: Source,
  { clock, signal }: SampleDeps,
): Promise<Readings | AgentError | null> {
  const late = () => new AgentError("sensor", `no answer within ${LOOK_DEADLINE_MS} ms`);
  try {
    return await withDeadline(clock, LOOK_DEADLINE_MS, signal, late, (limited) =>
      collect({ monotonicMs: clock.monotonic(), signal: limited }),
    );
  } catch (error) {
    if (error instanceof AgentError && error.kind === "sensor") return error;
    throw error;
  }
}
