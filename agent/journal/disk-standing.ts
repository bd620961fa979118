import { AgentError } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";

/** A disk that did not work is tried again after this. */
const RETRY_MS = 60_000;
/** Asking whether it may be written costs next to nothing; and the day may turn with the clock. */
const WITHHELD_RETRY_MS = 1_000;

/** Not the disk's word but ours: it works, and is not to be written now. */
export class Withheld extends Error {
  override readonly name = "Withheld";
  /** "ENOSPC": too little is left on it; "budget": enough was written today. */
  readonly code: "ENOSPC" | "budget";

  constructor(code: Withheld["code"]) {
    super(code);
    this.code = code;
  }
}

/** Whether the journal's disk takes samples, and when to ask again. */
export interface DiskStanding {
  /** Null while it works; else what it said. */
  readonly problem: string | null;
  /** It works, or it is time to try it. */
  readonly isDue: boolean;
  /** @throws the error when it is none of the system's: a bug */
  failed(error: unknown): void;
  works(): void;
}

export function createDiskStanding(clock: Clock, log: Logger): DiskStanding {
  let problem: string | null = null;
  let retryAtMs = Number.NEGATIVE_INFINITY;
  return {
    get problem() {
      return problem;
    },
    get isDue() {
      return clock.monotonic() >= retryAtMs;
    },
    failed(error) {
      const reason = codeOf(error);
      if (reason === null) throw error;
      retryAtMs = clock.monotonic() + (error instanceof Withheld ? WITHHELD_RETRY_MS : RETRY_MS);
      if (problem === null) say(log, reason);
      problem = reason;
    },
    works() {
      if (problem !== null) log.notice("the disk takes samples again", { after: problem });
      problem = null;
    },
  };
}

function say(log: Logger, reason: string): void {
  if (reason === "budget") {
    const hint = "[outbox] max_writes_per_day; what waits in memory is lost in a power cut";
    log.warn("enough was written to the disk today, samples wait in memory", { hint });
    return;
  }
  const hint = "see df -h and dmesg; the disk is tried again by itself";
  log.error("the disk takes no samples, they wait in memory", { reason, hint });
}

/** Of an error of the system; null for any other. */
export const codeOf = (error: unknown): string | null =>
  error instanceof Error &&
  !(error instanceof AgentError) &&
  "code" in error &&
  typeof error.code === "string"
    ? error.code
    : null;
