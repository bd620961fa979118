import type { ServerSecurity } from "../config/server-security.ts";
import type { Health } from "../health.ts";
import type { Clock, Journal } from "../ports.ts";
import type { Standing } from "../standing.ts";
import { STATUS_FORMAT, type StatusBoard, type StatusReport } from "../status.ts";
import type { Timeline } from "../telemetry/timeline.ts";
import { degradationsOf } from "./degradations.ts";
import type { Situation } from "./situation.ts";

export interface StatusDeps {
  /** Null: nobody looks. */
  readonly board: StatusBoard | null;
  readonly clock: Clock;
  readonly journal: Pick<Journal, "stats">;
  readonly timeline: Pick<Timeline, "source" | "onSource">;
  readonly health: Health;
  readonly coap: () => {
    readonly lastRoundTripMs: number | null;
    readonly retransmissions: number;
  };
  readonly situation: Situation;
  readonly standing: Standing;
  /** What does not change while it runs. */
  readonly run: {
    readonly version: string;
    readonly serverUrl: string;
    readonly security: ServerSecurity;
    readonly intervalMs: number;
    readonly lastStop: string;
  };
}

/** What nobody tells of is looked at so often, and for the first time after a second: then the first looks are over. */
const LOOK_MS = 10_000;
const FIRST_LOOK_MS = 1_000;

/** Shows at once how the agent is, then whenever that changes, and as often as the board likes; until disposed. */
export function startStatusReports(deps: StatusDeps): Disposable {
  const { board, clock, timeline, situation, standing } = deps;
  if (board === null) return { [Symbol.dispose]() {} };
  const pace = createPace();
  let timer: Disposable | null = null;
  let isOver = false;
  let shown = "";

  const lookAfter = (ms: number) => {
    timer?.[Symbol.dispose]();
    timer = clock.after(ms, look);
  };
  const show = (report = reportOf(deps, pace)) => {
    if (isOver) return;
    board.show(report);
    shown = JSON.stringify(report.degradations);
    lookAfter(board.refreshMs ?? LOOK_MS);
  };
  const look = () => {
    const report = reportOf(deps, pace);
    const isNews = JSON.stringify(report.degradations) !== shown;
    if (board.refreshMs !== null || isNews) show(report);
    else lookAfter(LOOK_MS);
  };
  situation.onChange(() => show());
  standing.onChange(() => show());
  timeline.onSource(() => show());
  show();
  const first = clock.after(FIRST_LOOK_MS, look);
  return {
    [Symbol.dispose]() {
      isOver = true;
      standing.onChange(null);
      timer?.[Symbol.dispose]();
      first[Symbol.dispose]();
    },
  };
}

type Pace = (waiting: number, nowMs: number) => number | null;

/** Seconds until a backlog is gone, by how much it shrank since the last look; null while it does not. */
function createPace(): Pace {
  let last: { readonly waiting: number; readonly atMs: number } | null = null;
  let seconds: number | null = null;
  return (waiting, nowMs) => {
    // Two looks in a row, for two changes of state, say nothing of a pace.
    if (last !== null && nowMs - last.atMs < LEAST_LOOK_MS) return waiting === 0 ? null : seconds;
    const shrunk = last === null ? 0 : last.waiting - waiting;
    const tookMs = last === null ? 0 : nowMs - last.atMs;
    seconds = shrunk > 0 && waiting > 0 ? Math.round((waiting * tookMs) / shrunk / 1000) : null;
    last = { waiting, atMs: nowMs };
    return seconds;
  };
}

const LEAST_LOOK_MS = 1_000;

function reportOf(deps: StatusDeps, pace: Pace): StatusReport {
  const { clock, timeline, health, run } = deps;
  const nowMs = clock.monotonic();
  const secondsSince = (ms: number) => Math.round((nowMs - ms) / 1000);
  const { state, sinceMs, cause, reason, device, lastAckMs } = deps.situation.now();
  const { waiting, dropped, droppedBy, storage, problem, bytesToday } = deps.journal.stats();
  const { lastRoundTripMs, retransmissions } = deps.coap();
  const { source } = timeline;
  const conditions = { journal: { problem, storage }, isClockTrusted: source !== null, health };
  return {
    format: STATUS_FORMAT,
    version: run.version,
    state,
    state_seconds: secondsSince(sinceMs),
    cause,
    reason,
    device,
    server: {
      url: run.serverUrl,
      security: run.security,
      rtt_ms: lastRoundTripMs === null ? null : Math.round(lastRoundTripMs),
      last_ack_seconds: lastAckMs === null ? null : secondsSince(lastAckMs),
      retransmissions,
    },
    readings: {
      values: [...health.values.values()].reduce((sum, count) => sum + count, 0),
      interval_seconds: run.intervalMs / 1000,
      failing: [...health.failing.values()],
    },
    outbox: {
      waiting,
      dropped,
      dropped_by: droppedBy,
      storage,
      bytes_today: bytesToday,
      drain_seconds: state === "online" ? pace(waiting, nowMs) : null,
    },
    clock: { trusted: source !== null, source },
    last_stop: run.lastStop,
    degradations: [...deps.standing.list(), ...degradationsOf(conditions)],
  };
}
