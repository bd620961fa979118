/** The agent's own well-being since its start: parts write it, the collector "agent" and `pipit status` report it. */
export interface Health {
  /** Looks that failed. */
  sensorErrors: number;
  /** The agent runs without the operator's settings; false: it did until now; null: nothing of the kind. */
  readonly safeMode: boolean | null;
  /** By source: how many values its last look gave. */
  readonly values: Map<string, number>;
  /** By source: what its last look failed with, and how often in a row. */
  readonly failing: Map<string, Failing>;
}

export interface Failing {
  /** As the configuration and log lines name it. */
  readonly source: string;
  readonly error: string;
  readonly count: number;
}

export const createHealth = (safeMode: boolean | null = null): Health => ({
  sensorErrors: 0,
  safeMode,
  values: new Map(),
  failing: new Map(),
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
