import { expect, it } from "vitest";
import { accountFor } from "../../soak/accounts.ts";

const handed = (sent: number, accepted: readonly number[], refused: readonly number[] = []) => ({
  ...{ sent, accepted: new Set(accepted), refused: new Set(refused) },
});
const stored = (...numbers: readonly number[]) => new Map(numbers.map((n) => [n, new Set([n])]));

it("finds every reading on the server or waiting", () => {
  // 2 waits although the server has it: its acknowledgement was lost.
  expect(accountFor(handed(4, [1, 2, 3, 4]), stored(1, 2, 3), [2, 4], 0)).toEqual({
    ...{ accepted: 4, notTaken: 0, stored: 3, waiting: 1, dropped: 0 },
    ...{ lost: 0, doubled: 0, invented: 0 },
  });
});

it("calls lost what is nowhere and was not counted as dropped", () => {
  const four = handed(4, [1, 2, 3, 4]);
  expect(accountFor(four, stored(1), [2], 0).lost).toBe(2);
  expect(accountFor(four, stored(1), [2], 1)).toMatchObject({ lost: 1, dropped: 1 });
  expect(accountFor(four, stored(1), [2], 2).lost).toBe(0);
});

it("names what is stored under two instants, was refused, or never handed in", () => {
  const twice = new Map([[1, new Set([10, 20])]]);
  expect(accountFor(handed(1, [1]), twice, [], 0).doubled).toBe(1);
  expect(accountFor(handed(2, [1], [2]), stored(1, 2), [], 0)).toMatchObject({
    ...{ notTaken: 1, invented: 1 },
  });
  expect(accountFor(handed(1, [1]), stored(1, 7, 1.5), [], 0).invented).toBe(2);
  // 2 was not answered: it may be there all the same.
  expect(accountFor(handed(2, [1]), stored(1, 2), [], 0).invented).toBe(0);
});
