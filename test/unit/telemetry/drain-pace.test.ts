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

it("holds longer when it is refused again, at most 4 s", () => {
  const { pace, wait } = pacing();
  const holds = [1, 2, 3, 4, 5].map(() => {
    pace.limited("backlog", "rate");
    const ms = pace.holdMs();
    wait(ms);
    return ms;
  });
  expect(holds).toEqual([750, 1_500, 3_000, 3_000, 3_000]);
  pace.delivered("live");
  pace.limited("backlog", "rate");
  expect(pace.holdMs()).toBe(750);
});

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

it("a drain after a pause begins gently again", () => {
  const { drain, wait } = pacing();
  drain(120_000);
  wait(61_000);
  expect(drain(5_000) * 5).toBe(4);
});
