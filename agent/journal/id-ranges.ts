/** Both ends belong to it. */
export type IdRange = readonly [from: number, to: number];

/** A set of ids, most of them side by side: the backlog's settled beginning, the live samples at its end. */
export interface IdRanges {
  has(id: number): boolean;
  add(from: number, to?: number): void;
  /** How many of the ids `from` to `to` are in the set. */
  countIn(from: number, to: number): number;
  /** Forgets all below `id`. */
  forgetBelow(id: number): void;
  forgetFrom(id: number): void;
  /** The least id from `id` on that is not in the set. */
  firstMissing(id: number): number;
  ranges(): readonly IdRange[];
}

export function createIdRanges(given: readonly IdRange[] = []): IdRanges {
  /** In order, with a gap between any two. */
  let ranges: [number, number][] = [];
  const add = (from: number, to = from) => {
    // Most ids are added at the end: search from there.
    let end = ranges.length;
    while (end > 0 && (ranges[end - 1]?.[0] ?? 0) > to + 1) end--;
    let start = end;
    while (start > 0 && (ranges[start - 1]?.[1] ?? 0) >= from - 1) start--;
    const touched = ranges.slice(start, end);
    const first = Math.min(from, touched[0]?.[0] ?? from);
    const last = Math.max(to, touched.at(-1)?.[1] ?? to);
    ranges.splice(start, end - start, [first, last]);
  };
  for (const [from, to] of given) add(from, to);
  const rangeAt = (id: number) => ranges.findLast(([from]) => from <= id);
  return {
    has: (id) => (rangeAt(id)?.[1] ?? -1) >= id,
    add,
    countIn(from, to) {
      let count = 0;
      for (const [first, last] of ranges)
        count += Math.max(0, Math.min(last, to) - Math.max(first, from) + 1);
      return count;
    },
    forgetBelow(id) {
      ranges = ranges.flatMap(([from, to]) => (to < id ? [] : [[Math.max(from, id), to]]));
    },
    forgetFrom(id) {
      ranges = ranges.flatMap(([from, to]) => (from >= id ? [] : [[from, Math.min(to, id - 1)]]));
    },
    firstMissing(id) {
      const range = rangeAt(id);
      return range && range[1] >= id ? range[1] + 1 : id;
    },
    ranges: () => ranges,
  };
}
