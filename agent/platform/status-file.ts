import {
  closeSync,
  constants,
  fchmodSync,
  openSync,
  readFileSync,
  renameSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock, Logger } from "../ports.ts";
import { resultOf } from "../result.ts";
import type { Status, StatusBoard, StatusReport } from "../status.ts";
import { discard } from "./discard.ts";
import { temporaryOf } from "./durable-write.ts";
import { errnoOf } from "./errno.ts";
import { ownerText } from "./lock-owner.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** statfs(2): file systems in memory. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);
const REFRESH_MS = 10_000;

export interface StatusFileOptions {
  /** "/run/pipit" */
  readonly folder: string;
  /** Refresh it also where that wears a card. */
  readonly alwaysFresh?: boolean;
  /** Secrets out of a text. */
  redact(text: string): string;
  readonly clock: Clock;
  readonly log: Logger;
}

export const statusFileIn = (folder: string): string => join(folder, "status.json");

/** Written when the result has changed, and not with every report: systemd starts pipit-boot-report.service by it. */
const RESULT_NAME = "result";

/** `status.json`, for everybody to read; gone when disposed. Never synced: a power cut ends what it tells of. */
export function openStatusFile(options: StatusFileOptions): StatusBoard & Disposable {
  const { folder, clock, log } = options;
  const file = statusFileIn(folder);
  const refreshMs = options.alwaysFresh || isInMemory(folder) ? REFRESH_MS : null;
  const startedMs = clock.monotonic();
  const owner = ownerText(process.pid).trim();
  let isFailing = false;
  let told: string | null = null;

  const complete = (report: StatusReport): Status => ({
    ...report,
    process: {
      pid: process.pid,
      owner,
      seconds: Math.round((clock.monotonic() - startedMs) / 1000),
      memory_mb: ownMemoryMb(),
      cpu_seconds: cpuSeconds(),
    },
    written: {
      epoch_ms: clock.now(),
      monotonic_ms: Math.round(clock.monotonic()),
      every_seconds: refreshMs === null ? null : refreshMs / 1000,
    },
  });

  return {
    refreshMs,
    show(report) {
      try {
        replace(file, `${options.redact(JSON.stringify(complete(report)))}\n`);
        const result = resultOf(report);
        if (result !== null && result !== told) replace(join(folder, RESULT_NAME), `${result}\n`);
        told = result;
        isFailing = false;
      } catch (error) {
        const code = errnoOf(error);
        if (code === undefined) throw error;
        if (!isFailing) log.warn("pipit status will not see this agent", { file, error: code });
        isFailing = true;
      }
    },
    [Symbol.dispose]() {
      discard(file);
      discard(join(folder, RESULT_NAME));
    },
  };
}

/** By rename, so that a reader never sees half of it. */
function replace(file: string, text: string): void {
  const temporary = temporaryOf(file);
  discard(temporary);
  const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    fchmodSync(descriptor, 0o644); // the unit's umask is 0077
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

function isInMemory(folder: string): boolean {
  try {
    return IN_MEMORY.has(statfsSync(folder).type);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** What the process does not share with others: RssAnon, as agentMemoryMb. */
function ownMemoryMb(): number | null {
  try {
    const [, kilobytes] =
      /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return kilobytes === undefined ? null : Math.round((Number(kilobytes) * 1024) / 1e5) / 10;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1e4) / 100;
}
