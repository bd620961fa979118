/** Both ends belong to it. */
export type IdRange = readonly [from: number, to: number];

/** A set of ids, most of them side by side: the backlog's settled beginning, the live samples at its end. */
export interface IdRanges {
  has(id: number): boolean;
  add(from: number, to?: number): void;
  /** How many of the ids `from` to `to` are in the set. */
  countIn(from: number, to: number): number;
  forget(from: number, to: number): void;
  /** The least id from `id` on that is not in the set. */
  firstMissing(id: number): number;
  /** What `ranges` gave before stays as it is. */
  clear(): void;
  ranges(): readonly IdRange[];
}

export function createIdRanges(given: readonly IdRange[] = []): IdRanges {
  /** In order, with a gap between any two. */
  let ranges: [number, number][] = [];
  /** How many of them begin at `id` or before: of a journal that was thinned there are thousands. */
  const begunBy = (id: number) => {
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle]?.[0] ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const insert = (from: number, to: number) => {
    const end = begunBy(to + 1);
    let start = end;
    while (start > 0 && (ranges[start - 1]?.[1] ?? 0) >= from - 1) start--;
    const touched = ranges.slice(start, end);
    const first = Math.min(from, touched[0]?.[0] ?? from);
    const last = Math.max(to, touched.at(-1)?.[1] ?? to);
    ranges.splice(start, end - start, [first, last]);
  };
  const add = (from: number, to = from) => {
    const last = ranges.at(-1);
    // Nearly always it comes after all others.
    if (last === undefined || from > last[1] + 1) return void ranges.push([from, to]);
    if (from === last[1] + 1) {
      ranges[ranges.length - 1] = [last[0], to];
      return;
    }
    insert(from, to);
  };
  for (const [from, to] of given) add(from, to);
  const rangeAt = (id: number) => ranges[begunBy(id) - 1];
  return {
    has: (id) => (rangeAt(id)?.[1] ?? -1) >= id,
    add,
    countIn(from, to) {
      let count = 0;
      for (let index = begunBy(to) - 1; index >= 0; index--) {
        const [first, last] = ranges[index] ?? [0, 0];
        if (last < from) break;
        count += Math.max(0, Math.min(last, to) - Math.max(first, from) + 1);
      }
      return count;
    },
    forget(from, to) {
      ranges = ranges.flatMap(([first, last]) => {
        const left: [number, number][] = [
          [first, Math.min(last, from - 1)],
          [Math.max(first, to + 1), last],
        ];
        return left.filter(([one, other]) => one <= other);
      });
    },
    firstMissing(id) {
      const range = rangeAt(id);
      return range && range[1] >= id ? range[1] + 1 : id;
    },
    clear() {
      ranges = [];
    },
    ranges: () => ranges,
  };
}
