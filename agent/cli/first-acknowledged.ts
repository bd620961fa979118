import { AgentError } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import type { Status } from "../status.ts";
import { sleep } from "../timing.ts";
import { readStatus } from "./read-status.ts";
import { DEFAULT_RUNTIME_DIR } from "./runtime-dir.ts";

/** The first request after a boot is spread over half a minute, and a first sample may wait for the clock. */
const LIMIT_MS = 120_000;
const LOOK_MS = 250;

/**
 * The status of the service, which was started a moment ago, once the server has acknowledged what it sent.
 * @throws AgentError `transient` when that does not happen in two minutes
 */
export async function firstAcknowledged(signal: AbortSignal): Promise<Status> {
  const startedMs = systemClock.monotonic();
  for (;;) {
    const nowMs = systemClock.monotonic();
    const answer = readStatus(DEFAULT_RUNTIME_DIR, nowMs);
    if (answer.kind === "running" && answer.status.server.last_ack_seconds !== null)
      return answer.status;
    if (nowMs - startedMs > LIMIT_MS) throw nothingYet(answer);
    await sleep(systemClock, LOOK_MS, signal);
  }
}

function nothingYet(answer: ReturnType<typeof readStatus>): AgentError {
  const [why, fix] =
    answer.kind === "running"
      ? [
          answer.status.reason ?? answer.status.degradations[0]?.text ?? answer.status.state,
          answer.status.degradations[0]?.fix ?? "pipit status",
        ]
      : [answer.reason, answer.hint];
  return new AgentError("transient", `nothing was acknowledged in two minutes: ${why}`, {
    code: "P084",
    hint: `the service goes on by itself; ${fix}`,
  });
}
