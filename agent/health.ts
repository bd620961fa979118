/** The agent's own well-being since its start: parts write it, the collector "agent" and `pipit status` report it. */
export interface Health {
  /** Looks that failed. */
  sensorErrors: number;
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

export const createHealth = (): Health => ({
  sensorErrors: 0,
  values: new Map(),
  failing: new Map(),
});
