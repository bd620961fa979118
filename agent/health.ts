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
