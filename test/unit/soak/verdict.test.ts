import { describe, expect, it } from "vitest";
import type { Settled } from "../../soak/settled.ts";
import { soakTable } from "../../soak/table.ts";
import { exitCodeOf, judge, type Soak, verdictText } from "../../soak/verdict.ts";

const steady: Settled = {
  ...{ cycle: 1, rssAnonMb: 20, rssMb: 60, heapMb: 8 },
  ...{ descriptors: 30, threads: 7, cpuMsPerReport: 5, backlog: 0 },
};
const accounts = {
  ...{ accepted: 9, notTaken: 0, stored: 8, waiting: 1, dropped: 0 },
  ...{ lost: 0, doubled: 0, invented: 0 },
};
const cyclesOf = (count: number, change: (at: number) => Partial<Settled> = () => ({})) =>
  Array.from({ length: count }, (_, at) => ({ ...steady, cycle: at + 1, ...change(at) }));

const soak = (change: Partial<Soak> = {}): Soak => ({
  settled: cyclesOf(4),
  reportsPerCycle: 120,
  hadChildren: false,
  accounts: [accounts, accounts],
  ends: [0, 0],
  ...change,
});
const told = (kept: boolean | null, change: Partial<Soak>) =>
  judge(soak(change))
    .filter((line) => line.kept === kept)
    .map(({ what, found }) => `${what}: ${found}`);
/** MB in each cycle that are so many bytes a report. */
const growing = (bytesPerReport: number) => (at: number) => (at * bytesPerReport * 120) / 1e6;

describe("the verdict", () => {
  it("is good where nothing grows and nothing is lost", () => {
    expect(told(false, {})).toEqual([]);
    expect(told(null, { reportsPerCycle: 30_000 })).toEqual([]);
    expect(exitCodeOf(judge(soak({ reportsPerCycle: 30_000 })))).toBe(0);
  });

  it("names descriptors, threads and memory that the settled state at the end has more", () => {
    const more = cyclesOf(4, (at) => ({
      ...{ descriptors: at === 3 ? 32 : 30, threads: at === 3 ? 8 : 7 },
      rssAnonMb: at === 3 ? 32.5 : 20,
    }));
    expect(told(false, { settled: more })).toEqual([
      "descriptors: settled at the end, less at the start: 2",
      "threads: settled at the end, less at the start: 1",
      "RssAnon, MB: settled at the end, less at the start: 12.5",
    ]);
    expect(exitCodeOf(judge(soak({ settled: more })))).toBe(1);
  });

  it("bears a descriptor more, and memory that was given back after a storm", () => {
    const settled = cyclesOf(4, (at) => ({ descriptors: at === 3 ? 31 : 30, rssAnonMb: 20 - at }));
    expect(told(false, { settled })).toEqual([]);
  });

  it("names memory that grows with every report", () => {
    const settled = cyclesOf(4, (at) => ({
      ...{ rssAnonMb: 20 + growing(400)(at), heapMb: 8 + growing(130)(at) },
    }));
    // 10 MB of warm-up are 10 bytes a report in a million reports, 4 MB of garbage are 4, 1 MB is 1.
    const reportsPerCycle = 1e6 / 3;
    const scaled = settled.map((state, at) => ({
      ...{ ...state, rssAnonMb: 20 + (at * 400) / 3, heapMb: 8 + (at * 130) / 3 },
    }));
    expect(told(false, { settled: scaled, reportsPerCycle })).toContain(
      "RssAnon, bytes a report: 400 (390 to 404)",
    );
    expect(told(false, { settled: scaled, reportsPerCycle })).toContain(
      "heap, bytes a report: 130 (129 to 130)",
    );
    // The same slopes in 360 reports may be the warm-up.
    expect(told(null, { settled })).toEqual([
      "RssAnon, bytes a report: 400 (-27378 to 11511)",
      "heap, bytes a report: 130 (-2648 to 130)",
    ]);
  });

  it("calls memory kept in a run that is long enough, whatever its noise", () => {
    const noisy = cyclesOf(9, (at) => ({
      rssAnonMb: 20 + 2 * (at % 2),
      heapMb: 8 + (at % 2) / 10,
    }));
    const lines = told(true, { settled: noisy, reportsPerCycle: 8_000 });
    expect(lines.filter((line) => line.includes("a report"))).toHaveLength(2);
  });

  it("does not call kept what its cycles cannot tell", () => {
    // One cycle up, one down by 0.1 MB: the true slope may be up to 833 bytes a report.
    const noisy = cyclesOf(4, (at) => ({ heapMb: 8 + (at % 2) / 10 }));
    expect(told(null, { settled: noisy })).toEqual([
      "RssAnon, bytes a report: 0 (-27778 to 11111)",
      "heap, bytes a report: 278 (-3611 to 833)",
    ]);
    expect(exitCodeOf(judge(soak({ settled: noisy })))).toBe(2);
    expect(told(null, { settled: cyclesOf(3) })).toEqual([
      "RssAnon, bytes a report: 3 cycles, 4 are needed",
      "heap, bytes a report: 3 cycles, 4 are needed",
    ]);
    const unseen = cyclesOf(4, () => ({ heapMb: Number.NaN }));
    expect(told(null, { settled: unseen })).toContain("heap, bytes a report: none was noted");
  });

  it("is no verdict on growth where there are no two cycles after the warm-up", () => {
    expect(exitCodeOf(judge(soak({ settled: cyclesOf(1) })))).toBe(2);
    expect(told(null, { settled: [] })).toHaveLength(7);
    // What was lost is known all the same.
    const lost = judge(soak({ settled: [], accounts: [{ ...accounts, lost: 1 }] }));
    expect(exitCodeOf(lost)).toBe(1);
  });

  it("names children, a backlog that stays, readings that are gone, and an end that is not clean", () => {
    const settled = cyclesOf(4, (at) => ({ backlog: at === 1 ? 3 : 0 }));
    const bad = { ...accounts, notTaken: 1, lost: 2, doubled: 3, invented: 4 };
    const change = { settled, hadChildren: true, accounts: [accounts, bad], ends: [0, "SIGKILL"] };
    expect(told(false, change)).toEqual([
      "backlog in clean weather, readings: 3",
      "child processes after the warm-up: some",
      "readings that the agent did not take: 1",
      "readings lost: 2",
      "readings stored twice: 3",
      "readings invented: 4",
      "exit codes after SIGTERM: 0, SIGKILL",
    ]);
  });

  it("is a line each", () => {
    const line = { what: "readings lost", found: "1", limit: "0" };
    expect([true, false, null].map((kept) => verdictText({ ...line, kept }))).toEqual([
      "kept       readings lost: 1, at most 0",
      "BROKEN     readings lost: 1, at most 0",
      "TOO SHORT  readings lost: 1, at most 0",
    ]);
  });
});

describe("the table", () => {
  it("has the first cycle, the last, and the slope an hour", () => {
    const settled = cyclesOf(4, (at) => ({ rssAnonMb: 20 + at * 0.1, descriptors: 30 + at }));
    const table = soakTable(settled, 120_000);
    expect(table[0]?.trim().split(/\s{2,}/)).toEqual(["start", "end", "an hour"]);
    expect(table[1]?.split(/\s{2,}/)).toEqual(["RssAnon, MB", "20.00", "20.30", "3.00"]);
    expect(table[4]?.split(/\s{2,}/)).toEqual(["descriptors", "30", "33", "30.0"]);
  });

  it("has dashes where nothing was measured", () => {
    expect(soakTable([], 60_000)[1]?.split(/\s{2,}/)).toEqual(["RssAnon, MB", "-", "-", "-"]);
  });
});
