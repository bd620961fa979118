/**
 * Every way the agent touches the world, on one page. The core (device, telemetry, thingsboard, coap, collectors)
 * imports this file, platform/ implements it, cli/ opens it, app.ts joins the two.
 */

import type { Awaitable } from "./awaitable.ts";
import type { Identity } from "./credentials.ts";
import type { RunRecord } from "./health.ts";
import type { DeviceCertificates, Network } from "./network.ts";
import type { Json, Readings, RefusedSamples, TakenSample } from "./readings.ts";
import type { Gpio, ReaderChild, ThrottleLatch } from "./sensor-ports.ts";

export type { Awaitable } from "./awaitable.ts";
export type { Run, RunRecord } from "./health.ts";
export type * from "./network.ts";
export type * from "./readings.ts";
export type * from "./sensor-ports.ts";
export type * from "./transport.ts";

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

/** What the kernel says of the machine's time. */
export interface BootClock {
  /** /proc/sys/kernel/random/boot_id, or something else that is new with every boot. */
  readonly bootId: string;
  /** When this version of Pipit was made: no later time lies before it. Unix epoch milliseconds. */
  readonly builtMs: number;
  /** Some service keeps the clock right, and says so where our unit can see it (docs/clock.md). */
  isSynchronised(): boolean;
}

// --- Host ---------------------------------------------------------------------

/** Read-only view of the machine below `--sysroot`. Tests point it at test/fixtures/pi4. */
export interface Host {
  /**
   * Text of a file, at most `limitBytes` (default 16 KiB); at once where the kernel answers from its memory. Throws, or
   * rejects with, the system's error, `code` set.
   */
  readFile(path: string, limitBytes?: number): Awaitable<string>;
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

/** Readings of other programs, over the Unix socket in the runtime folder. */
export interface Intake {
  /** Each message is answered when `accept` has resolved or rejected. One handler at a time. */
  serve(accept: (readings: Readings) => Promise<void>): Disposable;
}

// --- Storage ------------------------------------------------------------------

export interface IdentityStore {
  /** Falls back to the previous generation by itself; what it could not read is set aside, never cleared. */
  load(): Identity;
  /** @throws AgentError `storage` when the new content is not safely on disk; the old content then still is. */
  save(identity: Identity): void;
}

/** The provisioning secret where it was read from; a device that has credentials needs it no longer. */
export interface ProvisionSecret {
  /** Erases it where it lies in a file of the agent's own; false: it stays at hand. Never throws; once is enough. */
  spend(): boolean;
}

export interface JournalEntry extends TakenSample {
  readonly id: number;
}

/** Why a sample was given up: the bound it fell under, or what else became of it. */
export type DropReason = "size" | "thinned" | "age" | "memory" | "damage" | "refused" | "undatable";

export interface JournalStats {
  readonly waiting: number;
  /** Given up since the journal began, all reasons together. */
  readonly dropped: number;
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** Where what is accepted now is kept. */
  readonly storage: "disk" | "memory";
  /** Why it is not on the disk: the system's error, "EROFS"; null where that is by choice, or it is. */
  readonly problem: string | null;
  /** To the disk, since the start: an estimate, with what the file system adds. */
  readonly bytesWritten: number;
  /** The same of this day by UTC, also by runs before this one. */
  readonly bytesToday: number;
}

/** Bounded queue of samples. Live goes first, so entries settle in any order. Ids rise. */
export interface Journal extends AsyncDisposable {
  /** Resolves to the entry's id once the entry is as durable as this journal can make it. */
  append(sample: TakenSample): Promise<number>;
  /** Entries that are not settled, oldest first, from `fromId` on. */
  read(range: {
    readonly fromId: number;
    readonly limit: number;
  }): Promise<readonly JournalEntry[]>;
  /** The newest entry that is not settled. */
  newest(): Promise<JournalEntry | null>;
  /** Neither settled nor dropped. */
  isWaiting(id: number): boolean;
  /** Forgets exactly these entries: delivered. */
  settle(ids: readonly number[]): Promise<void>;
  /** Forgets these, and counts them. */
  drop(ids: readonly number[], reason: DropReason): Promise<void>;
  /** Small facts that must survive a restart ride along with the samples; null: never noted. */
  noted(name: string): Json | null;
  note(name: string, value: Json): void;
  /** Resolves when all that was noted and settled is as durable as this journal can make it. */
  sync(): Promise<void>;
  /** The latest `ts` of any sample that the journal still knows from the runs before; null: none. */
  readonly lastTs: number | null;
  /** How many are not settled, and how many were given up: as `stats` says, for what asks with every sample. */
  waiting(): number;
  dropped(): number;
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

// --- The program itself -------------------------------------------------------

/** What no file of the machine says. */
export interface About {
  readonly version: string;
  /** As Debian names it: "arm64", "amd64". */
  readonly architecture: string;
  /** IANA name: "Europe/Berlin". */
  readonly timezone: string;
  /** Of the interfaces that are up, without loopback; empty below a --sysroot. */
  addresses(): readonly InterfaceAddress[];
}

export interface InterfaceAddress {
  readonly name: string;
  /** An IP literal without its zone. */
  readonly address: string;
  readonly mac: string;
}

/** Facts that are dear to gather: a short-lived child process does, once per boot and version. */
export interface Inventory {
  /** Empty where nothing could be found out; never rejects for that. */
  read(signal: AbortSignal): Promise<Readings>;
}

/** Wall-clock times in cron's syntax. */
export interface Calendar {
  /** Epoch milliseconds of the next time after now. @throws AgentError `config` for what is no schedule */
  next(expression: string): number;
}

// --- All of it ----------------------------------------------------------------

/** The real one is opened by platform/platform.ts, the fake one by test/support/fake-platform.ts. */
export interface Platform {
  readonly clock: Clock;
  readonly boot: BootClock;
  readonly random: Random;
  readonly host: Host;
  readonly network: Network;
  readonly identity: IdentityStore;
  readonly certificates: DeviceCertificates;
  readonly provisionSecret: ProvisionSecret;
  readonly journal: Journal;
  readonly refused: RefusedSamples;
  readonly services: ServiceManager;
  readonly log: Logger;
  readonly reader: ReaderChild;
  readonly throttle: ThrottleLatch;
  readonly gpio: Gpio;
  /** Null where there is no runtime folder. */
  readonly intake: Intake | null;
  readonly about: About;
  readonly inventory: Inventory;
  readonly runs: RunRecord;
  readonly calendar: Calendar;
}
