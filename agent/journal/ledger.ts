import type { DropReason, Json, Moment } from "../ports.ts";
import { createIdRanges, type IdRange } from "./id-ranges.ts";
import type { JournalState } from "./record.ts";
import type { Recovered } from "./recover.ts";
import type { Segment } from "./segment.ts";

/** Which samples there are, which of them wait, and what became of the others. */
export interface Ledger {
  /** Oldest first; the last one is written to. */
  readonly segments: Segment[];
  readonly nextId: number;
  /** Of the next segment. */
  takeNumber(): number;
  takeId(): number;
  readonly waiting: number;
  isWaiting(id: number): boolean;
  /** The least waiting id from `id` on. */
  firstWaiting(id: number): number | null;
  newestWaiting(): number | null;
  isDone(segment: Segment): boolean;
  /** It is done, and that is on the disk: without the segment nothing would be missed. */
  isReleasable(segment: Segment): boolean;
  /** Delivered, or given up for this reason; what does not wait is passed over. Tells how many were waiting. */
  settle(from: number, to: number, reason?: DropReason): number;
  note(name: string, value: Json): void;
  readonly notes: JournalState["notes"];
  readonly dropped: JournalState["dropped"];
  /** Whether there is anything that is not on the disk yet. */
  readonly hasUnsaved: boolean;
  /** What it is: nothing, ids, or so much that all of the state is written anew. */
  unsaved(): null | "state" | readonly IdRange[];
  /** What `unsaved` or `state` gave last is on the disk; what came since is not. */
  saved(): void;
  state(begun: Moment | null): JournalState;
}

export function createLedger(recovered: Recovered): Ledger {
  const { segments, settled } = recovered;
  let { notes, nextId, nextNumber } = recovered;
  const dropped: Partial<Record<DropReason, number>> = { ...recovered.dropped };
  let fresh = createIdRanges();
  let isChanged = false;
  /** Given to a write that may not be over yet. */
  let leaving = createIdRanges();
  let isLeaving = false;
  let waiting = nextId - 1 - settled.countIn(1, nextId - 1);

  const leave = () => {
    for (const [from, to] of fresh.ranges()) leaving.add(from, to);
    isLeaving ||= isChanged;
    fresh = createIdRanges();
    isChanged = false;
  };

  const isDone = ({ header: { firstId }, endId }: Segment) => {
    const end = Math.min(endId, nextId);
    return settled.countIn(firstId, end - 1) === end - firstId;
  };
  const isWaiting = (id: number) => id > 0 && id < nextId && !settled.has(id);
  const firstWaiting = (id: number) => {
    const first = settled.firstMissing(Math.max(1, id));
    return first < nextId ? first : null;
  };

  return {
    segments,
    get nextId() {
      return nextId;
    },
    takeNumber: () => nextNumber++,
    takeId() {
      waiting++;
      return nextId++;
    },
    get waiting() {
      return waiting;
    },
    isWaiting,
    firstWaiting,
    newestWaiting() {
      const last = settled.ranges().at(-1);
      const newest = last && last[1] === nextId - 1 ? last[0] - 1 : nextId - 1;
      return newest > 0 ? newest : null;
    },
    isDone,
    isReleasable(segment) {
      const { header, endId } = segment;
      const isUnsaved = [fresh, leaving].some((ids) => ids.countIn(header.firstId, endId - 1) > 0);
      return isDone(segment) && !isUnsaved;
    },
    settle(from, to, reason) {
      const [first, last] = [Math.max(1, from), Math.min(to, nextId - 1)];
      if (last < first) return 0;
      const count = last - first + 1 - settled.countIn(first, last);
      if (count === 0) return 0;
      settled.add(first, last);
      fresh.add(first, last);
      waiting -= count;
      if (reason !== undefined) {
        dropped[reason] = (dropped[reason] ?? 0) + count;
        isChanged = true;
      }
      return count;
    },
    note(name, value) {
      if (JSON.stringify(notes[name]) === JSON.stringify(value)) return;
      notes = { ...notes, [name]: value };
      isChanged = true;
    },
    get notes() {
      return notes;
    },
    dropped,
    get hasUnsaved() {
      return isChanged || isLeaving || fresh.ranges().length + leaving.ranges().length > 0;
    },
    unsaved() {
      leave();
      if (isLeaving) return "state";
      return leaving.ranges().length > 0 ? leaving.ranges() : null;
    },
    saved() {
      leaving = createIdRanges();
      isLeaving = false;
    },
    state(begun) {
      leave();
      return { settled: settled.ranges(), dropped, notes, begun };
    },
  };
}
