import type { Failing } from "./health.ts";
import type { DropReason } from "./ports.ts";
import type { Degradation } from "./standing.ts";

/** Raised when a reader of the old form could misread the new one. */
export const STATUS_FORMAT = 1;

/** How the agent is, as `pipit status --json` prints it: names as there. Durations count up to the moment of writing. */
export interface StatusReport {
  readonly format: number;
  readonly version: string;
  /** "starting", or a state of the device's lifecycle. */
  readonly state: string;
  readonly state_seconds: number;
  /** What keeps it from being online: an outage cause, and its words. */
  readonly cause: string | null;
  readonly reason: string | null;
  readonly device: string | null;
  readonly server: {
    readonly url: string;
    /** How what is sent is protected: "dtls", "unverified", "local", "clear text". */
    readonly security: string;
    readonly rtt_ms: number | null;
    readonly last_ack_seconds: number | null;
    readonly retransmissions: number;
  };
  readonly readings: {
    readonly values: number;
    readonly interval_seconds: number;
    readonly failing: readonly Failing[];
  };
  readonly outbox: {
    readonly waiting: number;
    readonly dropped: number;
    readonly dropped_by: Readonly<Partial<Record<DropReason, number>>>;
    readonly storage: "disk" | "memory";
    readonly bytes_today: number;
    /** While the backlog shrinks: how long it takes at this pace. */
    readonly drain_seconds: number | null;
  };
  readonly clock: { readonly trusted: boolean; readonly source: string | null };
  readonly last_stop: string;
  readonly degradations: readonly Degradation[];
}

/** With what only the process itself knows. */
export interface Status extends StatusReport {
  readonly process: {
    readonly pid: number;
    /** Pid, start time and boot: tells whether that very process still runs. */
    readonly owner: string;
    readonly seconds: number;
    readonly memory_mb: number | null;
    readonly cpu_seconds: number;
  };
  readonly written: {
    readonly epoch_ms: number;
    /** Of the boot's monotonic clock. */
    readonly monotonic_ms: number;
    /** Null: only on a change. */
    readonly every_seconds: number | null;
  };
}

/** Where `pipit status` looks; each report takes the place of the one before. */
export interface StatusBoard {
  /** How often a report is welcome that tells of nothing but passing time; null: only of what has changed. */
  readonly refreshMs: number | null;
  /** Never throws: an agent that nobody can ask still measures. */
  show(report: StatusReport): void;
}
