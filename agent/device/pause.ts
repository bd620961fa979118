import { backoffMs } from "../backoff.ts";
import type { DeviceState } from "./lifecycle.ts";

const MINUTE_MS = 60_000;

const PROVISIONING = { baseMs: 5_000, maxMs: 10 * MINUTE_MS };
const TELEMETRY = { baseMs: 2_000, maxMs: 5 * MINUTE_MS };
/** 4.01 three times: somebody changed the credentials, and asking often does not bring them back. */
const REVOKED_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS];
const REVOKED_LAST_MS = 60 * MINUTE_MS;

/** Time comes from the network, and mostly soon. */
const CLOCK_MS = 30_000;

const REFUSED_MS = 15 * MINUTE_MS;
/** A key just pasted wrong is soon pasted right; after that the operator has been told. */
const QUICK_TRIES = 5;
/** Nothing that is tried again helps these, only the operator does: a name that is taken stays taken. */
const NO_QUICK_TRY = new Set([
  ...["P021", "P025", "P026"],
  ...["P033", "P035", "P036", "P037", "P038"],
]);

/** How long to wait in this state before the next request; `random` in [0, 1). */
export function pauseMs(state: DeviceState, random: number): number {
  switch (state.kind) {
    case "unprovisioned":
    case "online":
      return 0;
    case "provisioning":
      if (state.attempt === 0) return 0;
      if (state.awaitsClock) return spread(CLOCK_MS, random);
      if (state.refusal !== null && isSlow(state.refusal, state.attempt)) {
        return spread(REFUSED_MS, random);
      }
      return backoffMs(PROVISIONING, state.attempt - 1, random);
    case "offline":
      if (state.attempt === 0) return 0;
      if (state.awaitsClock) return spread(CLOCK_MS, random);
      return backoffMs(TELEMETRY, state.attempt - 1, random);
    case "revoked":
      return spread(REVOKED_MS[state.probes] ?? REVOKED_LAST_MS, random);
  }
}

const isSlow = (refusal: string, attempt: number) =>
  NO_QUICK_TRY.has(refusal) || attempt >= QUICK_TRIES;

/** At least `ms`, at most a tenth more: a fleet that was refused together does not come back together. */
const spread = (ms: number, random: number) => Math.round(ms * (1 + random / 10));
