import { describe, expect, it } from "vitest";
import { fullRun, judge, shortRun, tableOf } from "../../bench/budget.ts";

const figures = (cpuMsPerReport: number, hadChildren = false) => ({
  cpuMsPerReport,
  bytesPerReport: 280,
  hadChildren,
});
const window = (pipitMs: number, hadChildren = false) => ({
  pipit: figures(pipitMs, hadChildren),
  floor: figures(0.4),
});
const memory = (rssAnonMb: number) => ({
  pipit: { rssAnonMb, rssMb: 55, pssMb: 52 },
  floor: { rssAnonMb: 0.1, rssMb: 1.5, pssMb: null },
});
const broken = (...parameters: Parameters<typeof judge>) =>
  judge(...parameters)
    .filter(({ kept }) => !kept)
    .map(({ what }) => what);

describe("the budget of a report", () => {
  it("is 7.5 times the C program, in the window of the median ratio", () => {
    expect(broken(fullRun, [window(9), window(2.9), window(2.8)], memory(15))).toEqual([]);
    expect(broken(fullRun, [window(9), window(3.1), window(2.8)], memory(15))).toEqual([
      "CPU per report",
    ]);
  });

  it("has a margin of 1.3 in the short form", () => {
    expect(broken(shortRun, [window(3.8)], memory(15))).toEqual([]);
    expect(broken(shortRun, [window(4)], memory(15))).toEqual(["CPU per report"]);
  });

  it("has no room for a child process in any window", () => {
    const windows = [window(1), window(1, true), window(1)];
    expect(broken(fullRun, windows, memory(15))).toEqual(["windows with a child"]);
  });

  it("is 16 MB of memory of its own", () => {
    expect(broken(fullRun, [window(1)], memory(16))).toEqual([]);
    expect(broken(shortRun, [window(1)], memory(16.1))).toEqual(["RssAnon"]);
  });

  it("is shown line by line, what is broken marked", () => {
    expect(tableOf(judge(fullRun, [window(4)], memory(15)))).toMatchInlineSnapshot(`
      "                           pipit     C floor       ratio       limit
      CPU per report          4.000 ms    0.400 ms     10.00 x      7.50 x      BROKEN
      windows with a child           0           0                       0
      RssAnon                  15.0 MB      0.1 MB                   16 MB
      RSS                      55.0 MB      1.5 MB
      PSS                      52.0 MB           ?
      UDP payload                280 B       280 B"
    `);
  });
});
