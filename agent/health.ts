/** Counters of the agent's own well-being since its start: parts write them, the collector "agent" reports them. */
export interface Health {
  /** Looks that failed. */
  sensorErrors: number;
}

export const createHealth = (): Health => ({ sensorErrors: 0 });
