import { describe, expect, it } from "vitest";
import { courseOf } from "../../soak/course.ts";
import { hadChildren, type Look, settledOf } from "../../soak/settled.ts";

const course = courseOf(6);
const INTERVAL_MS = 1_000;

/** Every 3 s of three cycles of two minutes. */
const looks = (change: (atMs: number) => Partial<Look> = () => ({})): readonly Look[] =>
  Array.from({ length: 120 }, (_, index) => {
    const atMs = index * 3_000;
    return {
      ...{ atMs, rssAnonMb: 20, rssMb: 60, heapMb: 8, descriptors: 30, threads: 7 },
      ...{ cpuMs: atMs / 200, childFaults: 3, children: 0, backlog: 0 },
      ...change(atMs),
    };
  });

describe("the settled state", () => {
  it("is told of every cycle but the warm-up, in clean weather alone", () => {
    const storm = (atMs: number) => ({ rssAnonMb: atMs % 120_000 < 90_000 ? 40 : 20 });
    const settled = settledOf(course, looks(storm), INTERVAL_MS);
    expect(settled.map(({ cycle }) => cycle)).toEqual([1, 2]);
    expect(settled.map(({ rssAnonMb }) => rssAnonMb)).toEqual([20, 20]);
    expect(settled[0]?.cpuMsPerReport).toBeCloseTo(5, 6);
  });

  it("is a median: one odd look does not move it", () => {
    const odd = (atMs: number) => (atMs === 210_000 ? { descriptors: 90, backlog: 7 } : {});
    const settled = settledOf(course, looks(odd), INTERVAL_MS);
    expect(settled[0]).toMatchObject({ descriptors: 30, backlog: 0 });
  });

  it("is not told where nobody looked", () => {
    const early = looks().filter(({ atMs }) => atMs < 300_000);
    expect(settledOf(course, early, INTERVAL_MS).map(({ cycle }) => cycle)).toEqual([1]);
    expect(settledOf(courseOf(1), looks(), INTERVAL_MS)).toEqual([]);
  });
});

describe("a child process", () => {
  it("is seen while it runs, and after it has ended between two looks", () => {
    expect(hadChildren(course, looks())).toBe(false);
    const runs = (atMs: number) => (atMs === 240_000 ? { children: 1 } : {});
    expect(hadChildren(course, looks(runs))).toBe(true);
    const ended = (atMs: number) => (atMs > 240_000 ? { childFaults: 99 } : {});
    expect(hadChildren(course, looks(ended))).toBe(true);
  });

  it("of the warm-up does not count: the inventory is gathered by one", () => {
    const early = (atMs: number) => (atMs < 60_000 ? { children: 1, childFaults: 0 } : {});
    expect(hadChildren(course, looks(early))).toBe(false);
  });
});
