import type { Config } from "../config/config.ts";
import type { Health } from "../health.ts";
import type { Platform } from "../ports.ts";
import type { ListSources, Source } from "../source.ts";
import type { Vitals } from "../vitals.ts";
import { createDeadband } from "./deadband.ts";
import type { Outbox } from "./outbox.ts";
import { acceptPublished } from "./published.ts";
import { createSampler } from "./sampler.ts";
import { startSampling } from "./sampling.ts";
import type { Timeline } from "./timeline.ts";
import { watchUntilTrusted } from "./until-trusted.ts";

export interface TelemetryDeps {
  readonly config: Config;
  readonly platform: Platform;
  readonly sources: { readonly fixed: readonly Source[]; readonly found: ListSources };
  readonly outbox: Outbox;
  readonly timeline: Timeline;
  readonly vitals: Vitals;
  readonly health: Health;
  readonly hardwareId: string;
  /** What the job "inventory" does. */
  readonly inventory: () => void;
}

/**
 * All that makes samples: the board's own readings on their beats, and those that other programs hand in. Both draw their
 * `ts` from one stamp, so that no two samples share one. Resolves when the first sample is stored.
 */
export async function startTelemetry(
  deps: TelemetryDeps,
  signal: AbortSignal,
  onBug: (error: unknown) => void,
): Promise<Disposable> {
  const { platform, sources, outbox, timeline, vitals, health, hardwareId, inventory } = deps;
  const { telemetry, publish, jobs } = deps.config;
  const { clock, calendar, intake } = platform;
  const { stamp } = timeline;
  using opened = new DisposableStack();
  if (intake !== null) {
    const log = platform.log.child("publish");
    opened.use(acceptPublished({ intake, outbox, stamp, onChange: publish.on_change, log }));
  }
  const deadband = createDeadband({
    deadband: telemetry.deadband,
    maxSilenceMs: telemetry.max_silence,
    intervalMs: telemetry.interval,
  });
  opened.use(watchUntilTrusted(clock, timeline));
  const log = platform.log.child("sampler");
  const sampler = createSampler({ clock, stamp, deadband, health, log });
  const pace = { intervalMs: telemetry.interval, phase: telemetry.phase, hardwareId };
  const beats = { sampler, deadband, sources, outbox, clock, calendar, vitals, pace };
  opened.use(await startSampling({ ...beats, jobs, inventory, log }, signal, onBug));
  return opened.move();
}
