export type Json =
  | number
  | string
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Never null: a reading that could not be taken is absent. */
export type Reading = Exclude<Json, null>;
export type Readings = Readonly<Record<string, Reading>>;

export interface Look {
  /** Monotonic milliseconds of this look: rates divide by the difference of two of them. */
  readonly monotonicMs: number;
  readonly signal: AbortSignal;
}

/**
 * One look at one subject of this machine. Resolves to null where the machine has no such subject; throws
 * AgentError `sensor` where it is there but broken. A rate has no value on the first look.
 */
export type Collect = (look: Look) => Promise<Readings | null>;

export interface Sample {
  /** Unix epoch milliseconds, one instant for all readings. */
  readonly ts: number;
  readonly readings: Readings;
}
