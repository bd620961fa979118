import type { Config } from "../config/config.ts";
import type { Platform } from "../ports.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { openTimeline, type Timeline } from "./timeline.ts";

/** Samples that wait, and the times that they were taken at. */
export function openOutbox(
  config: Pick<Config, "clock" | "telemetry">,
  platform: Pick<Platform, "clock" | "boot" | "journal" | "log">,
): { readonly plain: Outbox; readonly timeline: Timeline } {
  const timeline = openTimeline(config, platform);
  const liveFirst = config.telemetry.live_first;
  return { timeline, plain: createOutbox({ journal: platform.journal, timeline, liveFirst }) };
}
