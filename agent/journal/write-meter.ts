import type { Json, Moment } from "../ports.ts";

const DAY_MS = 86_400_000;
/** What the meter read when a segment was begun or the agent stopped; a note. */
export const WRITTEN = "written";

/**
 * A write also changes the time stamp of its file. ext4 enters that into its own journal, which it writes every 5 s at most
 * (the mount option commit=): a descriptor, the inode's block, a commit block. docs/reliability.md has it measured.
 */
const COMMIT_MS = 5_000;
const COMMIT_BLOCKS = 3;

/**
 * How much the journal has its disk write: cards wear out by it. In bytes; whole blocks of the file system, and what ext4 adds
 * to them. An estimate, for the kernel counts the latter for nobody.
 */
export interface WriteMeter {
  wrote(at: number, bytes: number): void;
  /** Since the start of this run. */
  readonly total: number;
  /** Of this day by UTC; while the clock is not trusted of 24 hours in which the agent ran. */
  readonly today: number;
  /** To be kept for the next run. */
  toJson(): Json;
}

export function createWriteMeter(
  now: () => Moment,
  kept: Json | null,
  blockBytes: number,
): WriteMeter {
  let total = 0;
  const { ranMs, ...read } = readKept(kept);
  let { day, bytes } = read;
  let sinceMs = now().monotonicMs - ranMs;
  let committedMs = Number.NEGATIVE_INFINITY;
  const dayOf = ({ ts }: Moment) => (ts === null ? null : Math.floor(ts / DAY_MS));
  const turn = () => {
    const moment = now();
    const today = dayOf(moment);
    const isOver =
      today !== null && day !== null ? today !== day : moment.monotonicMs - sinceMs >= DAY_MS;
    day = today ?? day;
    if (!isOver) return;
    bytes = 0;
    sinceMs = moment.monotonicMs;
  };
  return {
    wrote(at, length) {
      turn();
      const data = Math.floor((at + length - 1) / blockBytes) - Math.floor(at / blockBytes) + 1;
      const { monotonicMs } = now();
      const isCommit = monotonicMs - committedMs >= COMMIT_MS;
      if (isCommit) committedMs = monotonicMs;
      const blocks = data + (isCommit ? COMMIT_BLOCKS : 0);
      total += blocks * blockBytes;
      bytes += blocks * blockBytes;
    },
    get total() {
      return total;
    },
    get today() {
      turn();
      return bytes;
    },
    toJson: () => ({ day, bytes, ranMs: Math.round(now().monotonicMs - sinceMs) }),
  };
}

function readKept(kept: Json | null) {
  const nothing = { day: null, bytes: 0, ranMs: 0 };
  if (typeof kept !== "object" || kept === null || !("day" in kept)) return nothing;
  const { day, bytes, ranMs = 0 } = kept;
  if (typeof bytes !== "number" || !(bytes >= 0)) return nothing;
  return {
    day: typeof day === "number" ? day : null,
    bytes,
    ranMs: typeof ranMs === "number" && ranMs > 0 ? Math.min(ranMs, DAY_MS) : 0,
  };
}
