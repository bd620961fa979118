import fc from "fast-check";
import { expect, it } from "vitest";
import { createIdRanges } from "../../../agent/journal/id-ranges.ts";

const MOST = 60;
const id = fc.integer({ min: 1, max: MOST });
const range = fc.tuple(id, id).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);

it("is a set of ids, whatever is added in whatever order", () => {
  fc.assert(
    fc.property(fc.array(range), range, (added, [from, to]) => {
      const ranges = createIdRanges();
      const set = new Set<number>();
      for (const [first, last] of added) {
        ranges.add(first, last);
        for (let one = first; one <= last; one++) set.add(one);
      }
      for (let one = 0; one <= MOST + 1; one++) expect(ranges.has(one)).toBe(set.has(one));
      const within = [...set].filter((one) => one >= from && one <= to);
      expect(ranges.countIn(from, to)).toBe(within.length);
      let missing = from;
      while (set.has(missing)) missing++;
      expect(ranges.firstMissing(from)).toBe(missing);
      const listed = ranges.ranges();
      for (const [index, [first]] of listed.entries())
        expect(first).toBeGreaterThan((listed[index - 1]?.[1] ?? -1) + 1);
      expect(createIdRanges(listed).ranges()).toEqual(listed);
    }),
  );
});

it("forgets the ids of a range", () => {
  fc.assert(
    fc.property(fc.array(range), range, (added, [from, to]) => {
      const ranges = createIdRanges(added);
      ranges.forget(from, to);
      const was = createIdRanges(added);
      for (let one = 1; one <= MOST; one++)
        expect(ranges.has(one)).toBe(was.has(one) && (one < from || one > to));
    }),
  );
});
