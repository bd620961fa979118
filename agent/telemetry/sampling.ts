import type { JobConfig } from "../config/sensor-config.ts";
import { AgentError, kindOf } from "../errors.ts";
import type { Calendar, Clock, Logger } from "../ports.ts";
import { type ListSources, LOOK_DEADLINE_MS, type Source } from "../source.ts";
import { withDeadline } from "../timing.ts";
import type { Vitals } from "../vitals.ts";
import { onBeats } from "./beats.ts";
import { onCalendar } from "./calendar-beat.ts";
import type { Deadband } from "./deadband.ts";
import { dueAt, ownPeriods, sharingSample } from "./due.ts";
import type { Outbox } from "./outbox.ts";
import { firstBeatMs, phaseMs } from "./phase.ts";
import type { Sampler } from "./sampler.ts";

export interface Pace {
  readonly intervalMs: number;
  /** "auto": from the hardware id. */
  readonly phase: number | "auto";
  readonly hardwareId: string;
}

export interface SamplingDeps {
  readonly sources: { readonly fixed: readonly Source[]; readonly found: ListSources };
  readonly sampler: Sampler;
  readonly deadband: Deadband;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly calendar: Calendar;
  readonly vitals: Vitals;
  readonly pace: Pace;
  readonly jobs: readonly JobConfig[];
  /** What the job "inventory" does. */
  readonly inventory: () => void;
  readonly log: Logger;
}

/**
 * Everything once at the start, then each source at its own pace, into the outbox; independent of the device's state.
 * Resolves after the first sample is stored; the beats go on until disposed. A bug reaches `onBug`.
 */
export async function startSampling(
  deps: SamplingDeps,
  signal: AbortSignal,
  onBug: (error: unknown) => void,
): Promise<Disposable> {
  const { sampler, deadband, outbox, clock, vitals, log } = deps;
  const { fixed } = deps.sources;
  const { intervalMs, hardwareId } = deps.pace;
  const phase = deps.pace.phase === "auto" ? phaseMs(hardwareId, intervalMs) : deps.pace.phase;
  let missed = 0;

  const takeOne = async (sources: readonly Source[]) => {
    const atMs = clock.monotonic();
    try {
      const sample = await sampler.sample(sources, signal);
      if (sample === null) return;
      await outbox.accept(sample);
      deadband.accepted(sample.readings, atMs);
    } catch (error) {
      if (!signal.aborted) onBug(error);
    }
  };
  /** Resolves when the quick ones are stored; a group takes its time beside them. */
  const take = async (sources: readonly Source[]) => {
    let quick: Promise<void> | null = null;
    for (const part of sharingSample(sources)) {
      const done = takeOne(part);
      if (part[0]?.group === null) quick = done;
    }
    await quick;
    // The first beat may come half an interval late.
    vitals.expect("sampler", 1.5 * intervalMs);
  };

  const found = listOrLast(deps, signal);
  const all = async () => [...fixed, ...(await found())];
  const beat = async (periodsMs: ReadonlySet<number>) => {
    const own = dueAt(fixed, periodsMs, intervalMs);
    await take(periodsMs.has(intervalMs) ? [...own, ...(await found())] : own);
  };

  const unhandled = (work: Promise<void>) => void work.catch((error: unknown) => onBug(error));

  await take(await all());
  const rest = new DisposableStack();
  const rhythm = {
    periodsMs: ownPeriods(fixed, intervalMs),
    offsetMs: firstBeatMs(phase % intervalMs, intervalMs) - intervalMs,
  };
  rest.use(
    onBeats(clock, rhythm, (now) => {
      missed += now.missed;
      if (now.missed > 0) log.warn("beats missed", { missed: now.missed, sinceStart: missed });
      unhandled(beat(now.periodsMs));
    }),
  );
  for (const [expression, job] of wallClock(deps, { all, take })) {
    const next = () => deps.calendar.next(expression);
    rest.use(onCalendar(clock, next, () => unhandled(job())));
  }
  return rest;
}

/** What has a schedule: sensors by their expression, then the jobs. */
function* wallClock(
  { sources, jobs, inventory }: SamplingDeps,
  {
    all,
    take,
  }: {
    all: () => Promise<readonly Source[]>;
    take: (sources: readonly Source[]) => Promise<void>;
  },
): Generator<readonly [string, () => Promise<void>]> {
  const scheduled = Map.groupBy(
    sources.fixed.filter(({ schedule }) => schedule !== null),
    ({ schedule }) => schedule ?? "",
  );
  for (const [expression, due] of scheduled) yield [expression, () => take(due)];
  for (const { schedule, run } of jobs) {
    if (run === "sample") yield [schedule, async () => take(await all())];
    else yield [schedule, async () => inventory()];
  }
}

/** A bus that hangs while it is searched costs new sensors, not the known ones. */
function listOrLast(
  { sources, clock, log }: SamplingDeps,
  signal: AbortSignal,
): () => readonly Source[] | Promise<readonly Source[]> {
  let last: readonly Source[] = [];
  let searching = false;
  const searched = async (found: Promise<readonly Source[]>) => {
    const late = () => new AgentError("sensor", "the search for sensors does not end");
    try {
      last = await withDeadline(clock, LOOK_DEADLINE_MS, signal, late, async () => {
        searching = true;
        try {
          return await found;
        } finally {
          searching = false;
        }
      });
    } catch (error) {
      if (signal.aborted) return last;
      if (kindOf(error) !== "sensor") throw error;
      log.warn("sensors not searched", { error: String(error) });
    }
    return last;
  };
  return () => {
    if (searching || signal.aborted) return last;
    const found = sources.found(clock.monotonic());
    if (found instanceof Promise) return searched(found);
    last = found;
    return last;
  };
}
