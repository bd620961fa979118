import { expect, it } from "vitest";
import { behindWhom, inWords, standingOf } from "../../bench/standing.ts";

it("is ahead of whoever takes more than the noise explains, and behind whoever takes less", () => {
  expect(standingOf(8.5, 0.1)).toEqual({ where: "ahead", ratio: 8.5 });
  expect(standingOf(0.5, 0.1)).toEqual({ where: "behind", ratio: 2 });
  expect(standingOf(1.07, 0.1)).toEqual({ where: "level", ratio: 1.07 });
  expect(standingOf(0.95, 0.1).where).toBe("level");
  expect([standingOf(1.07, 0).where, standingOf(1.07, null).where]).toEqual(["ahead", "ahead"]);
});

it("says where it is behind, with the ratio", () => {
  expect(inWords({ where: "behind", ratio: 2 })).toBe("**behind**, 2.00 x");
  const [ahead, behind] = [standingOf(2, 0), standingOf(0.25, 0)];
  const collectd = {
    name: "collectd",
    label: "collectd",
    cpu: ahead,
    rssAnon: behind,
    rss: behind,
  } as const;
  expect(behindWhom([collectd], "rss")).toBe("collectd (4.00 x)");
  expect(behindWhom([collectd], "cpu")).toBe("nobody");
});
