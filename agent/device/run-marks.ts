import { kindOf } from "../errors.ts";
import type { Host, Logger, Run, RunRecord } from "../ports.ts";
import type { Standing } from "../standing.ts";
import { readBootId } from "./host-text.ts";
import { type LastStop, lastStopOf } from "./last-stop.ts";
import { unwritableState } from "./unwritable-state.ts";

export interface RunMarks {
  readonly lastStop: LastStop;
  /** The agent was asked to stop: the next start will call it one. */
  stopped(): void;
}

/**
 * Marks the start of a run, once a process; until `stopped` the record says that it did not end cleanly. A disk that
 * cannot be written costs the next start this knowledge, never this run.
 */
export async function markStart(deps: {
  readonly runs: RunRecord;
  readonly host: Host;
  readonly standing: Standing;
  readonly log: Logger;
}): Promise<RunMarks> {
  const { runs, host, standing, log } = deps;
  const bootId = await readBootId(host);
  const lastStop = lastStopOf(runs.load(), bootId);
  const save = (run: Run) => {
    try {
      runs.save(run);
    } catch (error) {
      if (kindOf(error) !== "storage") throw error;
      log.warn("how this run ends cannot be noted", { error: String(error) });
      standing.raise(unwritableState(error));
    }
  };
  save({ bootId, clean: false });
  if (lastStop === "powerCut" || lastStop === "crash")
    log.notice("the last run was cut short", { lastStop });
  return { lastStop, stopped: () => save({ bootId, clean: true }) };
}
