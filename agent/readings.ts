import type { Awaitable } from "./awaitable.ts";

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
 * One look at one subject of this machine. Gives null where the machine has no such subject; throws, or rejects with,
 * AgentError `sensor` where it is there but broken. A rate has no value on the first look.
 */
export type Collect = (look: Look) => Awaitable<Readings | null>;

/** When something was taken; the wall clock may not have been known then. */
export interface Moment {
  /** /proc/sys/kernel/random/boot_id: what the monotonic clock belongs to. */
  readonly bootId: string;
  /** Whole milliseconds of that boot's monotonic clock. */
  readonly monotonicMs: number;
  /** Unix epoch milliseconds, whole; null while the wall clock was not trusted. */
  readonly ts: number | null;
  /** What the wall clock showed while it was not trusted. Nobody dates by it: it tells people what went wrong. */
  readonly wallMs?: number;
}

/** A sample as it is accepted: its `ts` may have to be worked out later. */
export interface TakenSample {
  readonly taken: Moment;
  readonly readings: Readings;
}

export interface Sample {
  /** Unix epoch milliseconds, one instant for all readings. */
  readonly ts: number;
  readonly readings: Readings;
}

/** What the server refuses for good: kept for the operator to look at. */
export interface RefusedSamples {
  /** The oldest makes room for it. @throws AgentError `storage` */
  keep(refused: RefusedSample): void;
}

/** Only those readings of a sample that were refused. */
export interface RefusedSample extends Sample {
  /** The server's answer, in words. */
  readonly reason: string;
}
