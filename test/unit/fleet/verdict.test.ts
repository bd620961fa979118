import { describe, expect, it } from "vitest";
import { createArrivals } from "../../fleet/arrivals.ts";
import { balanceOf } from "../../fleet/balance.ts";
import { type Chapter, lineOf } from "../../fleet/chapters.ts";
import type { Course } from "../../fleet/course.ts";
import { plot } from "../../fleet/plot.ts";
import { schedule } from "../../fleet/scheduling.ts";
import { judge, judgeReal } from "../../fleet/verdict.ts";
import { slope } from "../../support/slope.ts";

const chapter = (name: string, peakPerSecond: number): Chapter => ({
  ...{
    name,
    isPowerOn: name !== "soak",
    from: 0,
    to: 60,
    seconds: 60,
    requests: 600,
    failed: 0,
    allOnlineAfterS: 60,
    limit: null,
  },
  ...{ meanPerSecond: 10, peakPerSecond },
});
const course = (change: Partial<Course> = {}): Course => ({
  chapters: [chapter("first power-on", 30), chapter("power is back", 12), chapter("soak", 11)],
  soakHeap: [1_000, 2_000, 3_000],
  balance: { accepted: 10, stored: 10, waiting: 0, dropped: 0, off: 0 },
  ...change,
});
const broken = (change: Partial<Course>) =>
  judge(course(change))
    .filter(({ kept }) => !kept)
    .map(({ what, found }) => `${what}: ${found}`);

describe("the verdict", () => {
  it("is good where peaks, samples and memory keep their limits", () => {
    expect(broken({})).toEqual([]);
  });

  it("names a storm, a sample that is missing or too many, and memory that grows", () => {
    expect(broken({ chapters: [chapter("power is back", 31), chapter("soak", 11)] })).toEqual([
      "power is back: peak of one second to the mean: 3.10",
    ]);
    // One has lost a sample, another has one too many: the sums would not tell.
    expect(
      broken({ balance: { accepted: 10, stored: 10, waiting: 0, dropped: 0, off: 2 } }),
    ).toEqual(["samples that are neither stored nor waiting, or stored and never accepted: 2"]);
    expect(broken({ soakHeap: [0, 4_000, 8_000] })).toEqual([
      "soak: heap that stays, bytes a report: 13.3",
    ]);
  });

  it("names samples that still wait in the end, though the server lacks nothing else", () => {
    expect(
      broken({ balance: { accepted: 10, stored: 8, waiting: 2, dropped: 0, off: 0 } }),
    ).toEqual(["samples that wait in the end: 2"]);
  });

  it("names a tenant's limit that boards run against, and one under which they do not catch up", () => {
    const limited = (perSecond: number, behind: number) => ({
      ...chapter("limit", 12),
      isPowerOn: false,
      limit: { perSecond, caughtUpAfterS: behind === 0 ? 90 : null, behind },
    });
    expect(broken({ chapters: [limited(5, 0), chapter("soak", 11)] })).toEqual([]);
    expect(broken({ chapters: [limited(4, 17), chapter("soak", 11)] })).toEqual([
      "limit: offered, to the limit: 2.50",
      "limit: boards have not caught up: 17",
    ]);
  });

  it("asks boards alone where nobody looks into the server", () => {
    const alone = { accepted: 10, stored: null, waiting: 1, dropped: 2, off: null };
    const lines = judgeReal([chapter("first power-on", 31)], alone);
    expect(lines.map(({ what, kept }) => `${what}: ${kept}`)).toEqual([
      "samples that boards have given up: false",
      "samples that wait in the end: false",
    ]);
    expect(
      judgeReal([chapter("first power-on", 31)], { ...alone, stored: 9, off: 0 }),
    ).toMatchObject([
      { found: "3.10", kept: false },
      { found: "0", kept: true },
      { found: "1", kept: false },
    ]);
  });

  it("does not take one odd minute for a slope", () => {
    expect(slope([10, 10, 900, 10, 10])).toBe(0);
    expect(slope([0, 5, 10, 15])).toBe(5);
    expect(slope([])).toBe(0);
  });
});

it("counts samples board by board, or what the boards know where the server is another's", () => {
  const boards = [
    { deviceName: "one", accepted: 5, waiting: 1, dropped: 1 },
    { deviceName: "two", accepted: 5, waiting: 0, dropped: 0 },
  ];
  const devices = new Map([
    ["one", 3],
    ["two", 6],
  ]);
  const sums = { accepted: 10, waiting: 1, dropped: 1 };
  expect(balanceOf(boards, (name) => devices.get(name) ?? 0)).toEqual({
    ...sums,
    stored: 9,
    off: 2,
  });
  expect(balanceOf(boards, null)).toEqual({ ...sums, stored: null, off: null });
});

it("leaves out of a line what nobody has counted", () => {
  const one = {
    ...chapter("power is back", 12),
    limit: { perSecond: 5, caughtUpAfterS: 90, behind: 0 },
  };
  expect(lineOf(one, true)).toBe(
    "power is back                             0-60 s      600       0     10.0     12   1.2" +
      " all online after 60 s, offered 2.0 x the limit of 5/s, all caught up after 90 s",
  );
  expect(lineOf({ ...one, limit: null }, false).replaceAll(/ +/g, " ")).toBe(
    "power is back 0-60 s all online after 60 s",
  );
});

it("counts what arrives in each second", () => {
  const arrivals = createArrivals();
  arrivals.arrived(0, false);
  arrivals.arrived(2, true);
  arrivals.arrived(2, false);
  arrivals.online(3, 5);
  expect(arrivals.span(0, 3)).toEqual({
    ...{ seconds: 3, requests: 3, failed: 1, meanPerSecond: 1, peakPerSecond: 2 },
  });
  expect(arrivals.seconds[3]?.online).toBe(5);
  arrivals.arrived(20_000, true);
  expect(arrivals.span(0, 30_000)).toMatchObject({ seconds: 20_001, requests: 4, failed: 2 });
  expect(arrivals.seconds[3]?.online, "also after it has grown").toBe(5);
});

it("spreads first requests over the splay, and reports over the interval", () => {
  const even = { at: 0 };
  const { first, steady } = schedule({
    boards: 1_200,
    intervalMs: 60_000,
    splayMs: 120_000,
    fraction: () => ((even.at++ % 1_200) + 0.5) / 1_200,
  });
  expect(first).toMatchObject({ seconds: 120, requests: 1_200, peakPerSecond: 10 });
  expect(steady).toMatchObject({ seconds: 60, requests: 1_200, meanPerSecond: 20 });
  expect(steady.peakPerSecond).toBeLessThan(60);
});

it("draws all curves, and a mark for each chapter", () => {
  const seconds = [
    { requests: 0, failed: 0, online: 0 },
    { requests: 10, failed: 0, online: 4 },
  ];
  const svg = plot(seconds, [chapter("first power-on", 30)], 4);
  expect(svg.match(/<path class="(requests|failed|online)" d="M[^"]+"/g)).toHaveLength(3);
  expect(svg).toContain("<title>first power-on</title>");
  expect(svg).not.toContain("NaN");
});
