import { kindOf } from "../errors.ts";
import type { Clock, Host, Logger, Run, RunRecord } from "../ports.ts";
import type { Standing } from "../standing.ts";
import { readBootId } from "./host-text.ts";
import { type LastStop, lastStopOf } from "./last-stop.ts";
import { crashesBefore, MOST_CRASHES, SETTLED_MS } from "./safe-mode.ts";
import { unwritableState } from "./unwritable-state.ts";

/** What a run is told of the ones before it. */
export interface RunFacts {
  readonly lastStop: LastStop;
  /** True: the settings crash, and are left alone; false: that was so until now; null: nothing of the kind. */
  readonly safeMode: boolean | null;
}

export interface RunMarks extends Pick<RunFacts, "lastStop"> {
  /** Safe mode for what is configured now, as `stampOf` writes it; what has changed begins to count anew. */
  configured(stamp: string): RunFacts["safeMode"];
  /** The agent was asked to stop, or ended by its own choice: the next start will call it a stop. */
  stopped(): void;
}

/**
 * Marks the start of a run, once a process; until `stopped` the record says that it did not end cleanly. A disk that
 * cannot be written costs the next start this knowledge, never this run.
 */
export async function markStart(deps: {
  readonly runs: RunRecord;
  readonly host: Host;
  readonly clock: Clock;
  readonly standing: Standing;
  readonly log: Logger;
  readonly stamp: string;
}): Promise<RunMarks> {
  const { runs, host, clock, standing, log } = deps;
  const bootId = await readBootId(host);
  const previous = runs.load();
  const lastStop = lastStopOf(previous, bootId);
  const crashes = crashesBefore(previous, { bootId, stamp: deps.stamp });
  let wasSafe = previous?.safeMode ?? false;
  let run: Run = {
    bootId,
    clean: false,
    stamp: deps.stamp,
    crashes: crashes + 1,
    safeMode: crashes >= MOST_CRASHES,
  };
  const save = (change: Partial<Run>) => {
    run = { ...run, ...change };
    try {
      runs.save(run);
    } catch (error) {
      if (kindOf(error) !== "storage") throw error;
      log.warn("how this run ends cannot be noted", { error: String(error) });
      standing.raise(unwritableState(error));
    }
  };
  save({});
  let settling = clock.after(SETTLED_MS, () => save({ crashes: 0 }));
  if (lastStop === "powerCut" || lastStop === "crash")
    log.notice("the last run was cut short", { lastStop });
  if (run.safeMode)
    log.error("safe mode: default settings, no sensors", {
      crashes,
      hint: "find the cause: journalctl -u pipit; correct the configuration, or try it again: sudo systemctl restart pipit",
    });
  return {
    lastStop,
    configured(stamp) {
      if (stamp !== run.stamp) {
        settling[Symbol.dispose]();
        wasSafe ||= run.safeMode;
        save({ stamp, crashes: 1, safeMode: false });
        settling = clock.after(SETTLED_MS, () => save({ crashes: 0 }));
      }
      if (run.safeMode) return true;
      return wasSafe ? false : null;
    },
    stopped() {
      settling[Symbol.dispose]();
      save({ clean: true });
    },
  };
}
