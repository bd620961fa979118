import type { Collect } from "./readings.ts";

/** One thing that is looked at for readings: a collector, a sensor, the agent itself. */
export interface Source {
  /** As log lines name it: "cpu", "bme280@1-0076/temp", "exec upsCharge". */
  readonly name: string;
  readonly collect: Collect;
  /** Null: every [telemetry] interval. */
  readonly intervalMs: number | null;
  /** Cron expression; then `intervalMs` does not count. */
  readonly schedule: string | null;
  /** The sampler gives up on a look after this. */
  readonly deadlineMs: number;
  /**
   * Null: looked at together with all others, in one sample. Sources that may take seconds share a sample with those of
   * their group only, so that nobody waits for them: the name of a bus, or their own.
   */
  readonly group: string | null;
  readonly rule: AcceptRule;
  /** What it may return. A program's JSON has keys that nobody knows before: those are not here. */
  readonly keys: Readonly<Record<string, ReadingSpec>>;
}

/** Which of its readings are accepted; see telemetry/deadband.ts. */
export interface AcceptRule {
  /** Null: as [telemetry] deadband. 0: every reading. */
  readonly deadband: number | null;
  /** Only a changed value is accepted, and it is sent at once; an unchanged one after [telemetry] max_silence. */
  readonly onChange: boolean;
}

export interface ReadingSpec {
  /** "" for a plain number or a flag. */
  readonly unit: string;
  /** The file or program that it comes from: "/proc/stat". */
  readonly source: string;
  /** A whole number by nature; any other number is a decimal, and sent as one even when it happens to be whole. */
  readonly whole?: true;
}

export const acceptAll: AcceptRule = { deadband: null, onChange: false };

/** How long a look may take where nothing else is said. */
export const LOOK_DEADLINE_MS = 2_000;

/**
 * Sources come and go with their chips. Called at each beat; now and then it looks for new ones, and only then, or while
 * nothing is known yet, is there something to wait for.
 */
export type ListSources = (monotonicMs: number) => readonly Source[] | Promise<readonly Source[]>;
