import { expect, it } from "vitest";
import { createLiveDistance } from "../../../agent/telemetry/live-distance.ts";

const DAY_MS = 86_400_000;

function keeping(intervalMs = 10_000) {
  let nowMs = 0;
  const distance = createLiveDistance({ now: () => nowMs, intervalMs, spanMs: intervalMs });
  const wait = (ms: number) => (nowMs += ms);
  /** How long it is kept after live data was refused, in seconds. */
  const keptFor = () => {
    distance.refused("live", "rate");
    let seconds = 0;
    for (; distance.isKept; seconds++) wait(1_000);
    return seconds;
  };
  return { distance, wait, keptFor };
}

it("is kept no longer for what is refused to live data once a day", () => {
  const { keptFor, wait } = keeping();
  const kept = [1, 2, 3, 4, 5].map(() => {
    wait(DAY_MS);
    return keptFor();
  });
  expect(kept).toEqual([60, 60, 60, 60, 60]);
});

it("is kept twice as long where live data is refused soon after it ended, 960 s at most", () => {
  const { keptFor, wait } = keeping();
  const kept = [1, 2, 3, 4, 5, 6].map(() => {
    wait(30_000);
    return keptFor();
  });
  expect(kept).toEqual([60, 120, 240, 480, 960, 960]);
  wait(1_000_000);
  expect(keptFor()).toBe(60);
});

it("live data that is refused in spite of it waits longer after another message, an interval at most", () => {
  const { distance, wait } = keeping();
  const waits = [1, 2, 3, 4, 5, 6, 7].map(() => {
    distance.refused("live", "rate");
    wait(5_000);
    distance.left("backlog");
    return Math.round(distance.liveWaitMs(1));
  });
  expect(waits).toEqual([1_000, 1_500, 2_250, 3_375, 5_063, 7_594, 8_000]); // 0.8 of an interval
});

it("is not kept before the server has limited the rate, nor once it is away", () => {
  const { distance } = keeping();
  distance.left("live");
  expect([distance.isKept, distance.liveWaitMs(1), distance.backlogWaitMs()]).toEqual([
    ...[false, 0, 0],
  ]);
  distance.keepFrom(600_000);
  expect(distance.isKept).toBe(true);
  distance.ended();
  expect(distance.isKept).toBe(false);
});
