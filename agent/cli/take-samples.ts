import { AgentError } from "../errors.ts";
import type { Clock, Reading, Readings, Sample } from "../ports.ts";
import type { Source } from "../source.ts";
import { sleep, withDeadline } from "../timing.ts";

export interface TakenSample extends Sample {
  /** What was looked at, in the order in which it is shown. */
  readonly looks: readonly SourceLook[];
  /** How long it all took. */
  readonly tookMs: number;
}

export interface SourceLook {
  readonly source: Source;
  /** Null where this machine has no such thing; the error where it is there and broken. */
  readonly outcome: Readings | AgentError | null;
}

export interface SampleDeps {
  readonly clock: Clock;
  /** What is there now: sensors come and go. */
  readonly sources: (monotonicMs: number) => Promise<readonly Source[]>;
  readonly count: number;
  /** Between two looks; rates are means over it. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/** `count` samples. The first one takes two looks, unless one already shows everything: a rate needs a baseline. */
export async function* takeSamples(deps: SampleDeps): AsyncGenerator<TakenSample, void> {
  const { clock, count, intervalMs, signal } = deps;
  let taken = await lookAtAll(deps);
  if (taken.looks.some(isIncomplete)) {
    await sleep(clock, intervalMs, signal);
    taken = await lookAtAll(deps);
  }
  yield taken;
  for (let number = 1; number < count; number++) {
    await sleep(clock, intervalMs, signal);
    yield await lookAtAll(deps);
  }
}

const isIncomplete = ({ source, outcome }: SourceLook): boolean =>
  outcome !== null &&
  !(outcome instanceof AgentError) &&
  Object.keys(source.keys).some((key) => outcome[key] === undefined);

async function lookAtAll(deps: SampleDeps): Promise<TakenSample> {
  const { clock } = deps;
  const startedMs = clock.monotonic();
  const sources = await deps.sources(startedMs);
  const looks = await Promise.all(
    sources.map(async (source) => ({ source, outcome: await lookAtOne(source, deps) })),
  );
  const readings: Record<string, Reading> = {};
  for (const { outcome } of looks) {
    if (outcome instanceof AgentError) continue;
    for (const [key, reading] of Object.entries(outcome ?? {})) readings[key] ??= reading;
  }
  return { ts: clock.now(), readings, looks, tookMs: clock.monotonic() - startedMs };
}

async function lookAtOne(
  { collect, deadlineMs }: Source,
  { clock, signal }: SampleDeps,
): Promise<Readings | AgentError | null> {
  const late = () => new AgentError("sensor", `no answer within ${deadlineMs} ms`);
  try {
    return await withDeadline(clock, deadlineMs, signal, late, async (limited) =>
      collect({ monotonicMs: clock.monotonic(), signal: limited }),
    );
  } catch (error) {
    if (error instanceof AgentError && error.kind === "sensor") return error;
    throw error;
  }
}
