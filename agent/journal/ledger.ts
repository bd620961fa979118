import type { DropReason, Json, Moment } from "../ports.ts";
import { createIdRanges, type IdRange } from "./id-ranges.ts";
import type { JournalState } from "./record.ts";
import type { Recovered } from "./recover.ts";
import { noHoles, type Segment } from "./segment.ts";

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
  /** It is done, and that is as safe as the segment is: without it nothing would be missed. */
  isReleasable(segment: Segment): boolean;
  /** Delivered, or given up for this reason; what does not wait is passed over. Tells how many were waiting. */
  settle(from: number, to: number, reason?: DropReason): number;
  note(name: string, value: Json): void;
  readonly notes: JournalState["notes"];
  readonly dropped: JournalState["dropped"];
  /** Whether there is anything that is not written yet. */
  readonly hasUnsaved: boolean;
  /** What it is: ids that are settled, and whether notes or counters have changed. */
  unsaved(): { readonly settled: readonly IdRange[]; readonly isChanged: boolean };
  /** What `unsaved` or `state` gave last is written; what came since is not. */
  saved(to: "disk" | "memory"): void;
  /** Ids whose fate was written to memory only: after a power cut they wait again. */
  inMemoryOnly(from: number, to: number): readonly IdRange[];
  /** That of these is on the disk now. */
  brought(ids: readonly IdRange[]): void;
  state(begun: Moment | null): JournalState;
}

export function createLedger(recovered: Recovered): Ledger {
  const { segments, settled } = recovered;
  let { notes, nextId, nextNumber } = recovered;
  const dropped: Partial<Record<DropReason, number>> = { ...recovered.dropped };
  const fresh = createIdRanges();
  let isChanged = false;
  /** Given to a write that may not be over yet. */
  const leaving = createIdRanges();
  let isLeaving = false;
  /** While the disk is not written. */
  const inMemory = createIdRanges();
  let waiting = nextId - 1 - settled.countIn(1, nextId - 1);

  const isDone = ({ header: { firstId }, endId }: Segment) =>
    settled.firstMissing(firstId) >= Math.min(endId, nextId);
  /** What a thinned segment has left out is written down before it goes, and with it who could tell. */
  const foldDone = () => {
    for (const segment of segments) {
      if (segment.holes.size === 0 || !isDone(segment)) continue;
      segment.holes = noHoles;
      fresh.add(segment.header.firstId, segment.endId - 1);
    }
  };
  const leave = () => {
    foldDone();
    for (const [from, to] of fresh.ranges()) leaving.add(from, to);
    isLeaving ||= isChanged;
    fresh.clear();
    isChanged = false;
  };

  /** A thinned segment has thousands of them, and says so itself. */
  const withoutHoles = (): readonly IdRange[] => {
    let index = 0;
    // Ranges and segments both come by rising id: one pass does.
    const segmentAt = (id: number) => {
      while ((segments[index + 1]?.header.firstId ?? id + 1) <= id) index++;
      return segments[index];
    };
    return settled.ranges().filter(([from, to]) => segmentAt(from)?.holes.get(from) !== to);
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
      if (!isDone(segment)) return false;
      const { header, endId, onDisk } = segment;
      const unsafe = onDisk ? [fresh, leaving, inMemory] : [fresh, leaving];
      return unsafe.every((ids) => ids.countIn(header.firstId, endId - 1) === 0);
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
      return { settled: leaving.ranges(), isChanged: isLeaving };
    },
    saved(to) {
      // What is begun on the disk after a time in memory begins with all of the state.
      if (to === "disk") inMemory.clear();
      else for (const [from, end] of leaving.ranges()) inMemory.add(from, end);
      leaving.clear();
      isLeaving = false;
    },
    inMemoryOnly(from, to) {
      const inside = inMemory
        .ranges()
        .map(([a, b]): IdRange => [Math.max(a, from), Math.min(b, to)]);
      return inside.filter(([a, b]) => a <= b);
    },
    brought(ids) {
      for (const [from, to] of ids) inMemory.forget(from, to);
    },
    state(begun) {
      leave();
      return { settled: withoutHoles(), dropped, notes, begun };
    },
  };
}
