import { expect, test } from "vitest";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

test("timers fire by their time, those of one instant in the order of arming, the cancelled never", async () => {
  const seed = chosenSeed();
  const { fraction } = seededRandom(seed);
  const clock = virtualClock(0, { turns: 1 });
  const startMs = clock.monotonic();
  const fired: { due: number; order: number }[] = [];
  const armed: { due: number; order: number; timer: Disposable }[] = [];
  for (let order = 0; order < 2_000; order++) {
    const due = Math.floor(fraction() * 100);
    armed.push({ due, order, timer: clock.after(due, () => void fired.push({ due, order })) });
  }
  const cancelled = armed.filter(() => fraction() < 0.7);
  for (const { timer } of cancelled) {
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
  }
  const alive = armed.filter((timer) => !cancelled.includes(timer));
  expect(clock.pending, `seed ${seed}`).toBe(alive.length);
  await clock.advance(100);
  const expected = alive.map(({ due, order }) => ({ due, order }));
  expected.sort((one, other) => one.due - other.due || one.order - other.order);
  expect(fired, `seed ${seed}`).toEqual(expected);
  expect(clock.pending).toBe(0);
  expect(clock.monotonic()).toBe(startMs + 100);
});

test("a timer armed by another one fires in its turn; disposing one that has fired changes nothing", async () => {
  const clock = virtualClock();
  const seen: string[] = [];
  const first = clock.after(10, () => {
    seen.push("first");
    clock.after(0, () => void seen.push("at once"));
    clock.after(5, () => void seen.push("later"));
  });
  clock.after(12, () => void seen.push("second"));
  await clock.advance(12);
  first[Symbol.dispose]();
  expect(seen).toEqual(["first", "at once", "second"]);
  expect(clock.pending).toBe(1);
  await clock.advance(3);
  expect(seen.at(-1)).toBe("later");
});

test("until stops at the timer after which it holds, and says so when that never comes", async () => {
  const clock = virtualClock();
  const startMs = clock.monotonic();
  let count = 0;
  const again = () => {
    count++;
    clock.after(1_000, again);
  };
  clock.after(1_000, again);
  await clock.until(() => count === 3);
  expect(clock.monotonic() - startMs).toBe(3_000);
  await expect(clock.until(() => false, 5_000)).rejects.toThrow("5000 ms of virtual time");
});

test("a step of the wall clock moves no timer", async () => {
  const clock = virtualClock(1_000_000);
  let fired = false;
  clock.after(10_000, () => {
    fired = true;
  });
  clock.stepWall(3_600_000);
  expect(clock.now()).toBe(4_600_000);
  await clock.advance(9_999);
  expect(fired).toBe(false);
  clock.stepWall(-7_200_000);
  await clock.advance(1);
  expect(fired).toBe(true);
});
