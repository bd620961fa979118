import { expect, it } from "vitest";
import { follow, isNewer } from "../../../agent/coap/observe-order.ts";

const at = (number: number, atMs = 0) => ({ number, atMs });
const MAX = 2 ** 24 - 1;

it.each([
  ["the next number", at(2), at(1), true],
  ["the same number", at(1), at(1), false],
  ["a lower number", at(1), at(2), false],
  ["just under half the ring ahead", at(2 ** 23 - 1), at(0), true],
  ["half the ring ahead", at(2 ** 23), at(0), false],
  ["over the end of the ring", at(0), at(MAX), true],
  ["just over half the ring behind", at(0), at(2 ** 23 + 1), true],
  ["a lower number after 128 s", at(1, 128_000), at(2), false],
  ["a lower number after more than 128 s", at(1, 128_001), at(2), true],
])("decides on %s", (_name, next, last, newer) => {
  expect(isNewer(next, last)).toBe(newer);
});

it("sees a gap wherever a number is not the successor of the newest", () => {
  let newest = at(0);
  const gaps = [1, 2, 5, 4, 6, 6, 7].map((number) => {
    const judged = follow(newest, at(number));
    newest = judged.newest;
    return judged.gap;
  });
  expect(gaps).toEqual([false, false, true, true, false, true, false]);
});

it("sees no gap where the number starts again at 0", () => {
  expect(follow(at(MAX), at(0))).toEqual({ newest: at(0), gap: false });
});
