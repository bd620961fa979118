import type { Clock } from "../ports.ts";
import type { Appender, Queued } from "./appender.ts";
import type { Ledger } from "./ledger.ts";

/** With a window: more than this is not held back. */
const MOST_QUEUED = 512;

export interface GroupCommitDeps {
  readonly appender: Appender;
  readonly ledger: Ledger;
  /** How long a sample may wait to be written; 0: not at all. */
  readonly windowMs: number;
  readonly clock: Clock;
  /** All that was queued has been written. */
  onWritten(): void;
}

/** One write at a time: what is queued meanwhile shares the next one. */
export interface GroupCommit {
  /** Resolves when the sample is written, or with a window at once. */
  add(queued: Queued): Promise<void>;
  /** Writes what is queued, and what the ledger has not saved. */
  flush(): Promise<void>;
  /** Nothing is left to be written. */
  readonly isDone: boolean;
}

export function createGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const { appender, ledger, windowMs, clock } = deps;
  let queue: Queued[] = [];
  let writing: Promise<void> | null = null;
  let windowTimer: Disposable | null = null;
  /** Of a write that nobody waited for. */
  let bug: Error | null = null;
  const isDone = () => queue.length === 0 && !ledger.hasUnsaved;

  /** What was delivered before its turn came need not be written. */
  const takeQueue = () => {
    const queued = queue.filter(({ id }) => ledger.isWaiting(id));
    queue = [];
    return queued;
  };
  const writeAll = async () => {
    // What is settled meanwhile is written with the next sample: it costs no write of its own.
    do await appender.write(takeQueue());
    while (queue.length > 0);
    deps.onWritten();
  };
  const flush = async (): Promise<void> => {
    windowTimer?.[Symbol.dispose]();
    windowTimer = null;
    while (writing !== null) await writing;
    if (isDone()) return;
    writing = writeAll().finally(() => {
      writing = null;
    });
    await writing;
  };

  return {
    async add(queued) {
      if (bug !== null) throw bug;
      queue.push(queued);
      if (windowMs === 0 || queue.length > MOST_QUEUED) return flush();
      windowTimer ??= clock.after(windowMs, () => {
        flush().catch((error: Error) => {
          bug = error;
        });
      });
    },
    flush,
    get isDone() {
      return isDone();
    },
  };
}
