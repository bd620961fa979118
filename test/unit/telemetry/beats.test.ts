import { expect, it } from "vitest";
import { onBeats } from "../../../agent/telemetry/beats.ts";
import { chosenSeed, seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** Every beat as [seconds since the start, periods in seconds]. */
function recorded(periodsMs: readonly number[], offsetMs: number) {
  const clock = virtualClock();
  const startMs = clock.monotonic();
  const beats: [number, number[]][] = [];
  const missed: number[] = [];
  const running = onBeats(clock, { periodsMs, offsetMs }, (now) => {
    missed.push(now.missed);
    const periods = [...now.periodsMs].map((ms) => ms / 1_000).sort((a, b) => a - b);
    beats.push([(clock.monotonic() - startMs) / 1_000, periods]);
  });
  return { clock, beats, missed, running };
}

it("beats of several periods meet at their multiples, and are one beat there", async () => {
  const { clock, beats, running } = recorded([60_000, 300_000], 10_000);
  await clock.advance(320_000);
  expect(beats).toEqual([
    [70, [60]],
    [130, [60]],
    [190, [60]],
    [250, [60]],
    [310, [60, 300]],
  ]);
  running[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

it("a short period beats between, on the same grid", async () => {
  const { clock, beats } = recorded([60_000, 20_000], -25_000);
  await clock.advance(60_000);
  expect(beats).toEqual([
    [15, [20]],
    [35, [20, 60]],
    [55, [20]],
  ]);
});

it("the first beat is never so soon that a rate would be taken over an instant", async () => {
  for (let offset = -29_000; offset < 30_000; offset += 1_000) {
    const { clock, beats } = recorded([60_000], offset);
    await clock.advance(90_000);
    const [first = 0] = beats[0] ?? [];
    expect(first).toBeGreaterThanOrEqual(30);
    expect(first).toBeLessThanOrEqual(90);
  }
});

it("100 steps of the wall clock, either way, neither double nor miss a beat", async () => {
  const seed = chosenSeed();
  const random = seededRandom(seed);
  const { clock, beats } = recorded([1_000], 0);
  for (let step = 0; step < 100; step++) {
    clock.stepWall((random.fraction() - 0.5) * 2 * 86_400_000 * 400);
    await clock.advance(1_000);
  }
  expect(
    beats.map(([second]) => second),
    `PIPIT_TEST_SEED=${seed}`,
  ).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

it("counts the beats that a stall swallowed, and does not catch up", () => {
  let now = 0;
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
  using _running = onBeats(
    stalling,
    { periodsMs: [1_000], offsetMs: 0 },
    (beat) => void missed.push(beat.missed),
  );
  for (const ms of [1_000, 4_500, 500]) {
    now += ms;
    fire();
  }
  expect(missed).toEqual([0, 3, 0]);
});

it("a timer that fires a hair too early does not lose its beat", () => {
  let now = 0;
  const delays: number[] = [];
  let fire = () => {};
  const early = {
    now: () => 0,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      delays.push(ms);
      fire = task;
      return { [Symbol.dispose]() {} };
    },
  };
  let beats = 0;
  using _running = onBeats(early, { periodsMs: [1_000], offsetMs: 0 }, () => void beats++);
  now = 999.5;
  fire();
  expect(beats).toBe(1);
  expect(delays.at(-1)).toBe(1_000.5);
});
