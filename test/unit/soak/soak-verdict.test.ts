import { expect, it } from "vitest";
import { type Look, v8Bytes } from "../../soak/look.ts";
import { judge, leastLeak, tableOf } from "../../soak/soak-verdict.ts";

const looks = (change: Partial<Look> = {}): readonly Look[] =>
  ["calm", "storm", "calm again"].flatMap((weather, part) =>
    Array.from({ length: 6 }, (_, index) => ({
      ...{ atS: part * 60 + index * 10, weather, reports: 1_000 * (part * 6 + index) },
      ...{ cpuMs: 1, rssAnonMb: part === 1 ? 40 : 15, rssMb: 60, heapMb: 9 },
      ...{ descriptors: part === 1 ? 30 : 25, threads: 12, children: 0 },
      ...(part === 2 && index >= 3 ? change : {}),
    })),
  );
const clean = { accepted: 100, lost: 0, exit: 0 };
const broken = (...given: Parameters<typeof judge>) =>
  judge(...given)
    .filter(({ kept }) => !kept)
    .map(({ what, found }) => `${what}: ${found}`);

it("asks what is left of a storm, not what the storm took", () => {
  expect(broken(looks(), clean)).toEqual([]);
});

it.each([
  [{ rssAnonMb: 17.5 }, "RssAnon: 2.5 MB, 192 B a report"],
  [{ heapMb: 12 }, "pages of V8's heap: 3.0 MB, 231 B a report"],
  [{ descriptors: 26 }, "descriptors: 1"],
  [{ threads: 13 }, "threads: 1"],
  [{ children: 1 }, "looks that saw a child process: 3"],
])("names what has stayed: %j", (change, said) => {
  expect(broken(looks(change), clean)).toEqual([said]);
});

it("names a sample that is nowhere, and an end that was none", () => {
  expect(broken(looks(), { accepted: 100, lost: 1, exit: "SIGKILL" })).toEqual([
    "samples lost, of 100: 1",
    "exit code after SIGTERM: SIGKILL",
  ]);
});

it("has no verdict on a run that was too short", () => {
  expect(() => judge(looks().slice(0, 8), clean)).toThrow("too short");
  expect(() => judge([], clean)).toThrow("nobody has looked");
});

it("says how small a leak it cannot see", () => {
  expect(leastLeak(looks())).toBe(118);
});

it("is shown line by line, what is broken marked", () => {
  expect(tableOf(judge(looks({ threads: 14 }), clean))).toMatch(/threads +12 +14 +2 +0 +BROKEN/);
});

it("counts pages of V8 by where they lie, and no other memory", () => {
  const smaps = [
    "71ed800000-71ed840000 rw-p 00000000 00:00 0 ",
    "Rss:                 256 kB",
    "Anonymous:           200 kB",
    "32866b010000-32866b0c0000 rw-p 00000000 00:00 0 ",
    "Anonymous:            64 kB",
    "3d0ee000-3d6b9000 rw-p 00000000 00:00 0                          [heap]",
    "Anonymous:          5660 kB",
    "",
  ].join("\n");
  expect(v8Bytes(smaps)).toBe(200 * 1024);
});
