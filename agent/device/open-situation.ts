import type { Config } from "../config/config.ts";
import { serverSecurity } from "../config/server-security.ts";
import type { Health } from "../health.ts";
import type { Platform } from "../ports.ts";
import type { Standing } from "../standing.ts";
import type { StatusBoard } from "../status.ts";
import type { Outbox } from "../telemetry/outbox.ts";
import type { Timeline } from "../telemetry/timeline.ts";
import { createOutages } from "./outages.ts";
import type { RunFacts } from "./run-marks.ts";
import { createSituation, type Situation } from "./situation.ts";
import { type StatusDeps, startStatusReports } from "./status-reports.ts";

/** As long without an answer, or twice as long as the samples are apart if that is more. */
const SHORTEST_OUTAGE_MS = 60_000;

/** What a run is given besides its settings and the world. */
export interface Given extends RunFacts {
  readonly signal: AbortSignal;
  /** Everything around boots as well: the first request waits its turn. */
  readonly splay: boolean;
  readonly standing: Standing;
  /** Null: nobody looks. */
  readonly board: StatusBoard | null;
}

export interface SituationParts extends Pick<Given, "lastStop" | "standing" | "board"> {
  readonly outbox: Outbox;
  readonly timeline: Timeline;
  readonly health: Health;
  readonly coap: StatusDeps["coap"];
  /** An outage is over: there is a new client attribute. */
  readonly onOutage: () => void;
}

export interface OpenedSituation {
  readonly situation: Situation;
  /** What is settled in it counts as acknowledged. */
  readonly outbox: Outbox;
  /** From now on `pipit status` sees it. */
  show(): Disposable;
}

/** What the agent knows of its own state, and tells: outages to the server, everything to `pipit status`. */
export function openSituation(
  { server, telemetry }: Config,
  { clock, boot, journal, about, log }: Platform,
  parts: SituationParts,
): OpenedSituation {
  const { timeline, health, coap, standing, board, lastStop } = parts;
  const thresholdMs = Math.max(SHORTEST_OUTAGE_MS, 2 * telemetry.interval);
  const silenceMs = telemetry.deadband > 0 ? telemetry.max_silence : 0;
  const { outbox, ...outages } = createOutages({
    journal,
    outbox: parts.outbox,
    timeline,
    boot,
    clock,
    thresholdMs,
    offThresholdMs: Math.max(thresholdMs, silenceMs),
    onReport: parts.onOutage,
    log: log.child("outage"),
  });
  const situation = createSituation({ clock, standing, outages });
  const run = {
    version: about.version,
    serverUrl: server.url,
    security: serverSecurity(server),
    intervalMs: telemetry.interval,
    lastStop,
  };
  const seen = { board, clock, journal, timeline, health, coap, situation, standing, run };
  return { situation, outbox, show: () => startStatusReports(seen) };
}
