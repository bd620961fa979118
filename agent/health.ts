/** Counters of the agent's own well-being since its start: parts write them, the collector "agent" reports them. */
export interface Health {
  /** Looks that failed. */
  sensorErrors: number;
  /** The agent runs without the operator's settings; false: it did until now; null: nothing of the kind. */
  readonly safeMode: boolean | null;
}

export const createHealth = (safeMode: boolean | null = null): Health => ({
  sensorErrors: 0,
  safeMode,
});

/** How the last run ended; one small file, written at the start, when a run has settled, and at its end. */
export interface RunRecord {
  /** Null at the very first run, or where the file cannot be read. */
  load(): Run | null;
  /** @throws AgentError `storage` */
  save(run: Run): void;
}

export interface Run {
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string | null;
  /** The agent was asked to stop, and stopped. */
  readonly clean: boolean;
  /** The version and the settings that it ran with; null where an earlier version wrote the record. */
  readonly stamp: string | null;
  /** So many crashes in a row it makes, should it end as one; 0 once it has settled. */
  readonly crashes: number;
  readonly safeMode: boolean;
}
