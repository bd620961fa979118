/** Counters of the agent's own well-being since its start: parts write them, the collector "agent" reports them. */
export interface Health {
  /** Looks that failed. */
  sensorErrors: number;
  /** Samples given up by the publisher; those that the journal gave up are in its own stats. */
  refusedSamples: number;
}

export const createHealth = (): Health => ({ sensorErrors: 0, refusedSamples: 0 });
