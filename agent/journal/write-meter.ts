import type { Json, Moment } from "../ports.ts";

/** The unit that a file system hands to the disk: a byte changed costs this much. */
const BLOCK_BYTES = 4_096;
const DAY_MS = 86_400_000;

/**
 * A write also changes the time stamp of its file. ext4 enters that into its own journal, which it writes every 5 s at most
 * (the mount option commit=): a descriptor, the inode's block, a commit block. docs/reliability.md has it measured.
 */
const COMMIT_MS = 5_000;
const COMMIT_BLOCKS = 3;

/**
 * How much the journal has its disk write: cards wear out by it. In bytes; whole blocks, and what ext4 adds to them. An
 * estimate, for the kernel counts the latter for nobody.
 */
export interface WriteMeter {
  wrote(at: number, bytes: number): void;
  /** Since the start of this run. */
  readonly total: number;
  /** Of this day by UTC, or while the clock is not trusted since it was last known. */
  readonly today: number;
  msToNextDay(): number;
  /** To be kept for the next run. */
  toJson(): Json;
}

export function createWriteMeter(now: () => Moment, kept: Json | null): WriteMeter {
  let total = 0;
  let { day, bytes } = readKept(kept);
  let committedMs = Number.NEGATIVE_INFINITY;
  const dayOf = ({ ts }: Moment) => (ts === null ? null : Math.floor(ts / DAY_MS));
  const turn = () => {
    const today = dayOf(now());
    if (today !== null && day !== null && today !== day) bytes = 0;
    day = today ?? day;
  };
  return {
    wrote(at, length) {
      turn();
      const data = Math.floor((at + length - 1) / BLOCK_BYTES) - Math.floor(at / BLOCK_BYTES) + 1;
      const { monotonicMs } = now();
      const isCommit = monotonicMs - committedMs >= COMMIT_MS;
      if (isCommit) committedMs = monotonicMs;
      const blocks = data + (isCommit ? COMMIT_BLOCKS : 0);
      total += blocks * BLOCK_BYTES;
      bytes += blocks * BLOCK_BYTES;
    },
    get total() {
      return total;
    },
    get today() {
      turn();
      return bytes;
    },
    msToNextDay() {
      const { ts, monotonicMs } = now();
      return DAY_MS - ((ts ?? monotonicMs) % DAY_MS);
    },
    toJson: () => ({ day, bytes }),
  };
}

function readKept(kept: Json | null): { day: number | null; bytes: number } {
  const nothing = { day: null, bytes: 0 };
  if (typeof kept !== "object" || kept === null || !("day" in kept)) return nothing;
  const { day, bytes } = kept;
  if (typeof bytes !== "number" || !(bytes >= 0)) return nothing;
  return { day: typeof day === "number" ? day : null, bytes };
}
