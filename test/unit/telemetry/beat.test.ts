import { expect, it } from "vitest";
import { firstBeatMs, onBeat, phaseMs } from "../../../agent/telemetry/beat.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

it("beats at the phase and every period after it, on time however long it runs", async () => {
  const clock = virtualClock();
  const start = clock.monotonic();
  const beats: number[] = [];
  const running = onBeat(
    clock,
    { periodMs: 10_000, firstMs: 3_000 },
    () => void beats.push(clock.monotonic() - start),
  );
  await clock.advance(43_000);
  expect(beats).toEqual([3_000, 13_000, 23_000, 33_000, 43_000]);
  running[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

it("a step of the wall clock, either way, neither fires nor stalls it", async () => {
  const clock = virtualClock();
  let beats = 0;
  using _running = onBeat(clock, { periodMs: 1_000, firstMs: 1_000 }, () => void beats++);
  for (const step of [3_600_000, -86_400_000, 31_536_000_000]) {
    clock.stepWall(step);
    await clock.advance(1_000);
  }
  expect(beats).toBe(3);
});

it("counts the beats that a stall swallowed, and does not catch up", async () => {
  const clock = virtualClock();
  let now = clock.monotonic();
  let fire = () => {};
  const stalling = {
    now: () => 0,
    monotonic: () => now,
    after: (_ms: number, task: () => void) => {
      fire = task;
      return { [Symbol.dispose]() {} };
    },
  };
  const missed: number[] = [];
  using _running = onBeat(
    stalling,
    { periodMs: 1_000, firstMs: 0 },
    (beat) => void missed.push(beat.missed),
  );
  fire();
  now += 4_500;
  fire();
  now += 500;
  fire();
  expect(missed).toEqual([0, 3, 0]);
});

it("spreads a fleet evenly over the interval, the same on every start", () => {
  const period = 10_000;
  const bins = new Array(10).fill(0);
  for (let board = 0; board < 10_000; board++) {
    const phase = phaseMs(`10000000${board.toString(16).padStart(8, "0")}`, period);
    bins[Math.floor(phase / 1_000)]++;
  }
  for (const count of bins) expect(count).toBeGreaterThan(800);
  expect(phaseMs("10000000abcdef01", period)).toBe(phaseMs("10000000abcdef01", period));
});

it.each([
  [0, 60_000],
  [100, 60_100],
  [29_999, 89_999],
  [30_000, 30_000],
  [59_999, 59_999],
])(
  "phase %i puts the first beat of a minute at %i ms, so that rates get a window",
  (phase, first) => {
    expect(firstBeatMs(phase, 60_000)).toBe(first);
  },
);
