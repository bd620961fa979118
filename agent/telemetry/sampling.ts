import { kindOf } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";
import type { Vitals } from "../vitals.ts";
import { firstBeatMs, onBeat, phaseMs } from "./beat.ts";
import type { Outbox } from "./outbox.ts";
import type { Sampler } from "./sampler.ts";

export interface Pace {
  readonly intervalMs: number;
  /** "auto": from the hardware id. */
  readonly phase: number | "auto";
  readonly hardwareId: string;
}

export interface SamplingDeps {
  readonly sampler: Sampler;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly pace: Pace;
  readonly log: Logger;
}

/**
 * The first sample at once, then one a beat, each into the outbox; independent of the device's state.
 * Resolves after the first sample is stored; the beats go on until the signal aborts. A bug reaches `onBug`.
 */
export async function startSampling(
  deps: SamplingDeps,
  signal: AbortSignal,
  onBug: (error: unknown) => void,
): Promise<Disposable> {
  const { sampler, outbox, clock, vitals, log } = deps;
  const { intervalMs, hardwareId } = deps.pace;
  const phase = deps.pace.phase === "auto" ? phaseMs(hardwareId, intervalMs) : deps.pace.phase;
  let busy = false;
  let missed = 0;

  const takeOne = async () => {
    const sample = await sampler.sample(signal);
    if (sample) await outbox.accept(sample);
  };
  const beat = async () => {
    busy = true;
    try {
      await takeOne();
      vitals.expect("sampler", 1.5 * intervalMs); // the first beat may come half an interval late
    } catch (error) {
      if (signal.aborted) return;
      if (kindOf(error) !== "storage") return onBug(error);
      log.error("sample lost, the outbox cannot store it", { error: String(error) });
    } finally {
      busy = false;
    }
  };

  await beat();
  const firstMs = firstBeatMs(phase % intervalMs, intervalMs);
  return onBeat(clock, { periodMs: intervalMs, firstMs }, (now) => {
    missed += now.missed;
    if (now.missed > 0) log.warn("beats missed", { missed: now.missed, sinceStart: missed });
    if (busy) log.warn("sample skipped, the last one is still being taken");
    else void beat();
  });
}
