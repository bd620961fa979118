import type { AgentError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { Degradation, Standing } from "../standing.ts";
import type { DeviceState } from "./lifecycle.ts";
import { type OutageCause, outageCause } from "./outage-cause.ts";
import type { Outages } from "./outages.ts";
import { troubleOf } from "./trouble.ts";

export interface SituationDeps {
  readonly clock: Clock;
  readonly standing: Standing;
  readonly outages: Pick<Outages, "failed" | "hindered">;
}

/** How the device stands with the server; the device loop tells, `pipit status` asks. */
export interface Situation {
  /** `lack`: what the operator has to supply before the device can leave this state by itself. */
  entered(state: DeviceState, lack: AgentError | null): void;
  /** An attempt to provision or to publish failed. */
  failed(error: AgentError): void;
  /** It took nothing, and is asked again soon: no trouble yet, but an outage that a restart must not forget. */
  hindered(error: AgentError): void;
  /** The server has acknowledged telemetry. */
  delivered(): void;
  now(): SituationNow;
  /** Called when the state or its cause has changed. */
  onChange(listener: () => void): void;
}

export interface SituationNow {
  readonly state: DeviceState["kind"] | "starting";
  /** Monotonic. */
  readonly sinceMs: number;
  readonly cause: OutageCause | null;
  readonly reason: string | null;
  readonly device: string | null;
  /** Monotonic; null: never yet. */
  readonly lastAckMs: number | null;
}

const LACK = "secret";

const lackOf = ({ code = "", message: text, hint: fix = "" }: AgentError): Degradation => ({
  name: LACK,
  code,
  text,
  fix,
});

export function createSituation({ clock, standing, outages }: SituationDeps): Situation {
  let listener = () => {};
  let trouble: Degradation | null = null;
  let now: SituationNow = {
    state: "starting",
    sinceMs: clock.monotonic(),
    cause: null,
    reason: null,
    device: null,
    lastAckMs: null,
  };

  const stand = (next: Degradation | null) => {
    if (trouble !== null && trouble.name !== next?.name) standing.clear(trouble.name);
    trouble = next;
    if (next !== null) standing.raise(next);
  };

  const over = () => {
    if (trouble === null) return;
    stand(null);
    now = { ...now, cause: null, reason: null };
  };

  return {
    entered(state, lack) {
      if (lack === null) standing.clear(LACK);
      else standing.raise(lackOf(lack));
      const device = "credentials" in state ? state.credentials.deviceName : null;
      if (now.state === "provisioning" && device !== null) over();
      if (state.kind === now.state && device === now.device) return;
      const sinceMs = state.kind === now.state ? now.sinceMs : clock.monotonic();
      now = { ...now, state: state.kind, sinceMs, device };
      listener();
    },
    failed(error) {
      const cause = outageCause(error);
      outages.failed(cause);
      stand(troubleOf(error));
      const isNews = cause !== now.cause;
      now = { ...now, cause, reason: error.message };
      if (isNews) listener();
    },
    hindered: (error) => outages.hindered(outageCause(error)),
    delivered() {
      now = { ...now, lastAckMs: clock.monotonic() };
      over();
    },
    now: () => now,
    onChange(given) {
      listener = given;
    },
  };
}
