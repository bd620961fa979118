import { expect, it } from "vitest";
import { createDrainPace } from "../../../agent/telemetry/drain-pace.ts";

function pacing(options: { intervalMs?: number; maxPerSecond?: number } = {}) {
  const { intervalMs = 10_000, maxPerSecond = null } = options;
  let nowMs = 0;
  const pace = createDrainPace({ now: () => nowMs, fraction: () => 0.5, intervalMs, maxPerSecond });
  /** Messages a second while each is delivered after `tookMs`, at most so many under way. */
  const drain = (forMs: number, tookMs = 12.5) => {
    const endMs = nowMs + forMs;
    let messages = 0;
    while (nowMs < endMs) {
      const waitMs = pace.waitMs();
      if (waitMs > 0) {
        nowMs += waitMs;
        continue;
      }
      pace.take("backlog");
      nowMs += tookMs;
      pace.delivered("backlog");
      messages++;
    }
    return messages / (forMs / 1_000);
  };
  return { pace, drain, wait: (ms: number) => (nowMs += ms) };
}

it("begins with a few at once, then twice the live rate", () => {
  const { drain } = pacing();
  expect(drain(5_000) * 5).toBe(4); // a burst; the next one after 5 s
});

it("doubles while all goes well, until round trips are the limit", () => {
  const { drain } = pacing();
  expect(drain(60_000)).toBeGreaterThan(10);
  expect(drain(60_000)).toBeCloseTo(80, 0);
});

it("keeps to max_drain_rate", () => {
  const { drain } = pacing({ maxPerSecond: 20 });
  drain(120_000);
  expect(drain(60_000)).toBeLessThanOrEqual(20.1);
  expect(drain(60_000)).toBeGreaterThan(19);
});

it("halves on 5.00, holds everything for a moment, and regains step by step", () => {
  const { pace, drain } = pacing();
  drain(120_000);
  pace.limited("backlog", "rate");
  expect(pace.holdMs()).toBeGreaterThanOrEqual(500);
  expect(pace.holdMs()).toBeLessThanOrEqual(1_000);
  expect(pace.isLimited).toBe(true);
  const after = drain(5_000);
  expect(after).toBeGreaterThan(30);
  expect(after).toBeLessThan(55);
  expect(drain(60_000)).toBeGreaterThan(60);
});

it.each([
  [10_000, [750, 1_500, 3_000, 6_000, 6_000]],
  [60_000, [4_500, 9_000, 18_000, 36_000, 36_000]],
  [86_400_000, [4_500, 9_000, 18_000, 36_000, 36_000]],
  [1_000, [750, 1_500, 3_000, 6_000, 6_000]],
])("every %s ms: holds longer when it is refused again, three times", (intervalMs, expected) => {
  const { pace, wait } = pacing({ intervalMs });
  const holds = [1, 2, 3, 4, 5].map(() => {
    pace.limited("backlog", "rate");
    const ms = pace.holdMs();
    wait(ms);
    return ms;
  });
  expect(holds).toEqual(expected);
  pace.delivered("live");
  pace.limited("backlog", "rate");
  expect(pace.holdMs()).toBe(expected[0]);
});

it("is not slowed by what is refused to live data long after the backlog has sent anything", () => {
  const { pace, drain, wait } = pacing();
  drain(60_000);
  wait(6_000);
  pace.limited("live", "rate");
  const unblamed = drain(1_000);
  wait(60_000);
  drain(120_000);
  pace.take("backlog");
  pace.limited("live", "rate");
  expect(drain(1_000)).toBeLessThan(unblamed);
});

it("where it was refused soon after live data it leaves later after it, half an interval at most", () => {
  const { pace, drain, wait } = pacing();
  drain(60_000);
  const refusedAfter = (ms: number) => {
    pace.take("live");
    wait(ms);
    pace.take("backlog");
    pace.limited("backlog", "rate");
    wait(10_000);
    pace.take("live");
    return pace.waitMs();
  };
  expect(refusedAfter(1_000)).toBe(1_500);
  expect(refusedAfter(500)).toBe(2_250);
  expect(refusedAfter(4_000)).toBe(5_000);
});

it.each([
  ["nothing", false],
  ["a message of the backlog", true],
])(
  "keeps its distance longer where live data is refused as soon as that has ended, after %s",
  (_what, isDraining) => {
    const { pace, wait } = pacing();
    const distanceMs = () => {
      if (isDraining) pace.take("backlog");
      pace.limited("live", "rate");
      let passed = 0;
      for (; pace.isLimited; passed += 1_000) wait(1_000);
      return passed;
    };
    expect([1, 2, 3, 4, 5, 6].map(distanceMs)).toEqual([
      ...[60_000, 120_000, 240_000, 480_000, 960_000, 960_000],
    ]);
    pace.ended();
    expect(distanceMs()).toBe(60_000);
  },
);

it("live data waits for nothing, but for a moment after another message while the rate is limited", () => {
  const { pace, wait } = pacing();
  pace.take("backlog");
  expect(pace.liveWaitMs(1)).toBe(0);
  pace.limited("backlog", "rate");
  wait(4_000);
  pace.take("live");
  expect(pace.liveWaitMs(1)).toBe(1_000);
  expect(pace.liveWaitMs(20)).toBe(400);
  wait(60_000);
  expect(pace.liveWaitMs(1)).toBe(0);
});

it("a server that wants to be left alone finds it slower, and no burst, when it is back", () => {
  const { pace, drain, wait } = pacing();
  expect(drain(1_000)).toBe(4);
  pace.leftAlone(300_000);
  wait(301_000);
  expect(drain(1_000)).toBe(1);
  expect(pace.isLimited).toBe(true);
  pace.ended();
  expect(drain(1_000)).toBe(4);
});

it("a drain after a pause begins gently again", () => {
  const { drain, wait } = pacing();
  drain(120_000);
  wait(61_000);
  expect(drain(5_000) * 5).toBe(4);
});

/** The pace that is left after a refusal. */
function paceAfter({ pace, wait }: ReturnType<typeof pacing>) {
  pace.limited("backlog", "rate");
  wait(pace.holdMs());
  wait(pace.waitMs());
  pace.take("backlog");
  return 1_000 / pace.waitMs();
}

it.each([
  ["of a first start", () => {}],
  [
    "after a pause",
    ({ drain, wait }: ReturnType<typeof pacing>) => {
      drain(120_000);
      wait(120_000);
    },
  ],
  [
    "after the server was away",
    ({ pace, drain, wait }: ReturnType<typeof pacing>) => {
      drain(120_000);
      wait(30_000);
      pace.ended();
    },
  ],
])("one message %s, and 5.00 to it: half the pace that a drain begins with", (_when, before) => {
  const pacer = pacing();
  before(pacer);
  pacer.pace.take("backlog");
  expect(paceAfter(pacer)).toBeCloseTo(0.1, 2);
});

it("what leaves before the server has answered costs one turn, not each of them", () => {
  const { pace } = pacing();
  for (let message = 0; message < 100; message++) pace.take("backlog");
  expect(pace.waitMs()).toBe(10_000); // two messages at 0.2 a second
});
