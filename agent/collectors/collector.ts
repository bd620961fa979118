import type { Health } from "../health.ts";
import type { Collect, Host, Journal, ThrottleLatch } from "../ports.ts";
import type { ReadingSpec } from "../source.ts";

export type { Collect, Look } from "../ports.ts";

/** What a collector may ask besides files: ports, and the agent itself. Most need none of it. */
export interface Devices {
  readonly throttle: ThrottleLatch;
  readonly agent: AgentState;
  readonly gate: Gate;
}

/** What may hang goes through here, sensors and mounts alike; see sensors/gate.ts. */
export interface Gate {
  /**
   * Runs `work` when its bus is free. Rejects when the signal aborts first; the work itself cannot be stopped, so from
   * then on it counts as stuck, and nothing on its bus is begun, until it returns.
   * @throws SensorFault `stuck`
   */
  run<T>(turn: Turn, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface Turn {
  /** What is read: its own id. */
  readonly id: string;
  readonly bus: string;
}

/** What the agent knows about itself; for the collector "agent". */
export interface AgentState {
  readonly health: Health;
  readonly journal: Pick<Journal, "stats" | "dropped">;
  coap(): { readonly lastRoundTripMs: number | null; readonly retransmissions: number };
}

export interface KeySpec extends ReadingSpec {
  /** One line for the manual: "processors busy, all together". */
  readonly meaning: string;
  /** The key of which this is the same for a second instance: usbDiskUsage is a "diskUsage". */
  readonly quantity?: string;
  /** True or false. */
  readonly flag?: true;
  /** Sent only when `[system] metrics` names the key. */
  readonly optional?: true;
}

export interface CollectorSettings {
  /** Mount points for diskUsage and its kin. */
  readonly diskPaths: readonly string[];
  /** Interfaces counted into the network rates; empty means all physical ones. */
  readonly networkInterfaces: readonly string[];
}

/** Reads one subject of this machine. One file, one test, one line in all.ts. */
export interface Collector {
  /** Unique; `pipit sample NAME` runs it alone. */
  readonly name: string;
  /** The name in `[system] metrics` that turns its default keys on. */
  readonly metric: string;
  /** Telemetry key -> unit. Every key it returns is declared here; the manual is built from it. */
  readonly keys: Readonly<Record<string, KeySpec>>;
  /** A reader with baselines of its own, so that two users never shorten each other's window. */
  open(host: Host, settings: CollectorSettings, devices: Devices): Collect;
}
