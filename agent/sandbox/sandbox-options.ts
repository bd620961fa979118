import type { Clock, Json } from "../ports.ts";
import type { OpenCarrier } from "./carrier.ts";
import type { ProfileSpec } from "./devices.ts";
import type { SandboxEvent } from "./event.ts";
import type { Faults } from "./faults.ts";
import type { Times } from "./times.ts";

export interface SandboxOptions {
  /** An IP address to listen on; default "127.0.0.1". */
  readonly host?: string;
  /** UDP; default 0: any free one. */
  readonly port?: number;
  /** DTLS 1.2 on that port, with a certificate for these names and the host; default: clear text. */
  readonly secure?: { readonly names: readonly string[] };
  /** What carries its datagrams; default: a UDP socket. */
  readonly openCarrier?: OpenCarrier;
  /** Devices that it knows at most; default 1000. */
  readonly mostDevices?: number;
  /** Requests that it remembers at once to tell a repetition; default 8192. */
  readonly mostExchanges?: number;
  /** TCP on loopback for control; 0 any free one (default), null none. */
  readonly httpPort?: number | null;
  /** The same seed repeats the same chances; default: a new one, see `state().seed`. */
  readonly seed?: number;
  readonly profiles?: readonly ProfileSpec[];
  readonly faults?: Partial<Faults>;
  onEvent?(event: SandboxEvent): void;
  /**
   * What a bug of the sandbox threw while it worked on a request, which is answered 5.00 all the same.
   * Default: thrown again once the answer has left, so that the process ends with its stack.
   */
  onBug?(error: unknown): void;
  /** ThingsBoard's own times unless given. */
  readonly times?: Partial<Times>;
  readonly clock?: Clock;
  /** ThingsBoard's transport.json.type_cast_enabled; default true. */
  readonly typeCast?: boolean;
  /** Replies of the rule chain to client-side RPC, by method; without one it stays silent. */
  readonly clientRpcReplies?: Readonly<Record<string, Json>>;
  /** Values kept per telemetry key; default 1000. Counts go on beyond. */
  readonly keepPoints?: number;
  /** Instants per key by which a repeat is told; default 50,000. */
  readonly rememberTimestamps?: number;
  /** Instants per device by which a sample is counted once, in however many parts it comes; default as `rememberTimestamps`. */
  readonly rememberSamples?: number;
  /** A little later than the first telemetry, to show a fault on a working device. */
  readonly afterFirstTelemetry?: {
    /** Default 10 s. */
    readonly waitMs?: number;
    readonly outageMs?: number;
    readonly revoke?: boolean;
  };
}
