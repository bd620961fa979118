import type { Collect, Host } from "../ports.ts";

export type { Collect, Look } from "../ports.ts";

export interface KeySpec {
  /** "" for a plain number or a flag. */
  readonly unit: string;
  /** A whole number by nature; any other number is a decimal, and sent as one even when it happens to be whole. */
  readonly whole?: true;
  /** Sent only when `[system] metrics` names the key. */
  readonly optional?: true;
}

export interface CollectorSettings {
  /** Mount points for diskUsage and its kin. */
  readonly diskPaths: readonly string[];
  /** Interfaces counted into the network rates; empty means all physical ones. */
  readonly networkInterfaces: readonly string[];
}

/** Reads one subject of this machine. One file, one test, one line in index.ts. */
export interface Collector {
  /** Unique; `pipit sample NAME` runs it alone. */
  readonly name: string;
  /** The name in `[system] metrics` that turns its default keys on. */
  readonly metric: string;
  /** Telemetry key -> unit. Every key it returns is declared here; the manual is built from it. */
  readonly keys: Readonly<Record<string, KeySpec>>;
  /** A reader with baselines of its own, so that two users never shorten each other's window. */
  open(host: Host, settings: CollectorSettings): Collect;
}
