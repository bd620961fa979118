import { expect, it } from "vitest";
import { courseOf, settledCycleAt } from "../../soak/course.ts";

it("repeats the same weather without a gap until the time is over, clean weather last", () => {
  const { cycles, cycleMs, phases } = courseOf(10);
  expect({ cycles, cycleMs }).toEqual({ cycles: 5, cycleMs: 120_000 });
  expect(phases.slice(0, 4).map(({ weather }) => weather)).toEqual([
    ...["5.00 answers", "bad link", "outage", "clean"],
  ]);
  for (const [at, { fromMs }] of phases.entries()) expect(fromMs).toBe(phases[at - 1]?.toMs ?? 0);
  expect(phases.at(-1)?.toMs).toBeCloseTo(600_000, 3);
  expect(phases.at(-1)).toMatchObject({ cycle: 4, weather: "clean" });
});

it("has longer cycles, not more than ten, in a long run, and one in a short one", () => {
  expect(courseOf(1_440)).toMatchObject({ cycles: 10, cycleMs: 144 * 60_000 });
  expect(courseOf(1)).toMatchObject({ cycles: 1, cycleMs: 60_000 });
});

it("calls the last quarter of a cycle settled, which is clean weather", () => {
  const course = courseOf(10);
  expect([0, 89_999, 90_000, 119_999, 120_000].map((at) => settledCycleAt(course, at))).toEqual([
    ...[null, null, 0, 0, null],
  ]);
  expect(settledCycleAt(course, 599_000)).toBe(4);
  expect(settledCycleAt(course, 600_001), "after the end").toBeNull();
  for (const { weather, fromMs, toMs } of course.phases)
    if (weather !== "clean") expect(settledCycleAt(course, (fromMs + toMs) / 2)).toBeNull();
});
