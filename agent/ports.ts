/**
 * Every way the agent touches the world, on one page.
 * The core (device, telemetry, thingsboard, coap, collectors) imports this file; platform/ implements it;
 * cli/ opens it; app.ts joins the two.
 */

import type { Identity } from "./credentials.ts";

// --- Time and chance ----------------------------------------------------------

export interface Clock {
  /** Unix epoch milliseconds, whole: the `ts` of a sample. Steps when the wall clock is corrected. */
  now(): number;
  /** Milliseconds since an arbitrary start; never steps. Every duration and timer is measured on it. */
  monotonic(): number;
  /** Runs `task` once, `ms` from now on the monotonic clock; disposing cancels it. */
  after(ms: number, task: () => void): Disposable;
}

export interface Random {
  /** In [0, 1): jitter and phases. */
  fraction(): number;
  /** From the system's CSPRNG: access tokens, CoAP tokens, the first message ID. */
  bytes(size: number): Uint8Array;
}

// --- Host ---------------------------------------------------------------------

/** Read-only view of the machine below `--sysroot`. Tests point it at test/fixtures/pi4. */
export interface Host {
  /** Text of a file, at most `limitBytes` (default 16 KiB). Rejects with the system's error, `code` set. */
  readFile(path: string, limitBytes?: number): Promise<string>;
  /** Names in a folder, sorted. */
  readDir(path: string): Promise<readonly string[]>;
  /** A sensor is named by the bus address in its real path, not by its kernel number. */
  realPath(path: string): Promise<string>;
  statfs(path: string): Promise<FileSystemStats>;
}

export interface FileSystemStats {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  /** What an ordinary user may still write. */
  readonly availableBlocks: number;
  readonly files: number;
  readonly freeFiles: number;
}

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

// --- Network ------------------------------------------------------------------

export interface SocketAddress {
  /** An IP literal; a link-local IPv6 address keeps its zone: "fe80::1%eth0". */
  readonly host: string;
  readonly port: number;
}

/** Datagrams to and from one peer: UDP now, DTLS later, the in-memory network in tests. */
export interface DatagramChannel extends Disposable {
  /** Never throws. A datagram that could not be sent is reported through `ChannelEvents.failed`. */
  send(datagram: Uint8Array): void;
}

export interface ChannelEvents {
  /** One datagram of the connected peer, and of nobody else. The bytes belong to the receiver. */
  received(datagram: Uint8Array): void;
  /** A send or receive error by its errno name ("ECONNREFUSED"); the channel may still work. */
  failed(code: string): void;
  /** The channel is dead and has released its socket; nothing follows. */
  closed(code: string): void;
}

export interface Network {
  /** Addresses of a name, best first; an IP literal resolves to itself. May hang: keep a deadline. */
  resolve(host: string): Promise<readonly string[]>;
  /** A new socket on a fresh ephemeral port, connected to one address. Rejects with an error that has `code`. */
  connect(address: SocketAddress, events: ChannelEvents): Promise<DatagramChannel>;
}

export type CoapMethod = "GET" | "POST" | "PUT" | "DELETE";

export interface CoapRequest {
  readonly method: CoapMethod;
  /** Uri-Path segments, not escaped: ["api", "v1", token, "telemetry"]. */
  readonly path: readonly string[];
  /** Uri-Query options, not escaped: ["sharedKeys=a,b"]. */
  readonly query?: readonly string[];
  readonly payload?: Uint8Array;
  /** CoAP Content-Format number of the payload; 50 is JSON. */
  readonly contentFormat?: number;
  /** Default true. */
  readonly confirmable?: boolean;
  /** From the first transmission to the answer; default 30 s, at most 93 s. */
  readonly deadlineMs?: number;
  /** Goes ahead of waiting requests; it is not a second one in flight. */
  readonly urgent?: boolean;
}

export interface CoapResponse {
  /** Class and detail as RFC 7252 writes them: "2.05", "4.01". */
  readonly code: string;
  readonly payload: Uint8Array;
  readonly contentFormat?: number;
}

/** What an observation tells (RFC 7641). The iteration goes on until its signal aborts. */
export type Observation =
  /** A registration succeeded: the answer is the current state. Also after every re-registration. */
  | { readonly kind: "registered"; readonly response: CoapResponse }
  /** `gap`: notifications before this one were lost or overtaken; read the whole state again. */
  | { readonly kind: "notification"; readonly response: CoapResponse; readonly gap: boolean }
  /** 2.02 on the current token: another client observes in our place. Registers again by itself. */
  | { readonly kind: "displaced" }
  /** Not observed now; registers again with back-off. `code` when the server said why ("4.01"). */
  | { readonly kind: "lost"; readonly code?: string; readonly error?: Error };

export interface Transport extends AsyncDisposable {
  /**
   * Settles exactly once: any response, 4.xx and 5.xx included, or a CoapError.
   * @throws CoapError `timeout`, `reset`, `unreachable`, `resolve`, `rejected`, `too large`, `cancelled`
   */
  request(request: CoapRequest, signal: AbortSignal): Promise<CoapResponse>;
  observe(path: readonly string[], signal: AbortSignal): AsyncIterable<Observation>;
  /** CoAP ping (RFC 7252 §4.3): resolves to the round trip in milliseconds. */
  ping(signal: AbortSignal): Promise<number>;
}

// --- Storage ------------------------------------------------------------------

export interface IdentityStore {
  /** Falls back to the previous generation by itself; what it could not read is set aside, never cleared. */
  load(): Identity;
  /** @throws AgentError `storage` when the new content is not safely on disk; the old content then still is. */
  save(identity: Identity): void;
}

export interface Sample {
  /** Unix epoch milliseconds, one instant for all readings. */
  readonly ts: number;
  readonly readings: Readings;
}

export interface JournalEntry extends Sample {
  readonly id: number;
}

export interface JournalStats {
  readonly waiting: number;
  /** Given up under a bound (size or age), since the journal began. */
  readonly dropped: number;
}

/** Bounded queue of samples. Live goes first, so entries settle in any order. Ids rise. */
export interface Journal extends AsyncDisposable {
  /** Resolves to the entry's id once the entry is as durable as this journal can make it. */
  append(sample: Sample): Promise<number>;
  /** Entries that are not settled, oldest first, from `fromId` on. */
  read(range: {
    readonly fromId: number;
    readonly limit: number;
  }): Promise<readonly JournalEntry[]>;
  /** The newest entry that is not settled. */
  newest(): Promise<JournalEntry | null>;
  /** Forgets exactly these entries: delivered, or dropped and counted by the caller. */
  settle(ids: readonly number[]): Promise<void>;
  stats(): JournalStats;
}

// --- Operator -----------------------------------------------------------------

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** A change of state. */
  notice(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  child(component: string): Logger;
  /** From now on this value is written as "(secret)" wherever it appears. */
  protect(secret: string): void;
}

/** systemd's sd_notify(3); a no-op when NOTIFY_SOCKET is unset. */
export interface ServiceManager {
  ready(): void;
  status(text: string): void;
  /** How often progress wants to be reported, or null when nobody watches. */
  readonly watchdogMs: number | null;
  watchdog(): void;
  stopping(): void;
}

// --- All of it ----------------------------------------------------------------

/** The real one is opened by platform/platform.ts, the fake one by test/support/fake-platform.ts. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly host: Host;
  readonly network: Network;
  readonly identity: IdentityStore;
  readonly journal: Journal;
  readonly services: ServiceManager;
  readonly log: Logger;
}
