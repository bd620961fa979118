import { expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { shareThrottle } from "../../../agent/collectors/share-throttle.ts";
import { throttle } from "../../../agent/collectors/throttle.ts";
import type { ThrottleReport } from "../../../agent/ports.ts";
import { lookAt, noDevices } from "../../support/look.ts";

/** A latch that gives these reports one after the other, then the last one again. */
const latchOf = (...reports: readonly (ThrottleReport | null)[]) => {
  const waiting = [...reports];
  const take = async () => (waiting.length > 1 ? waiting.shift() : waiting[0]) ?? null;
  return { take, files: () => [] };
};
const quiet: ThrottleReport = { underVoltage: false, throttled: false, events: 0 };
const look = (report: ThrottleReport | null) =>
  lookAt(
    throttle.open({ ...noHost }, defaultCollectorSettings, {
      ...noDevices,
      throttle: latchOf(report),
    }),
    0,
  );
const noHost = {
  readFile: async () => "",
  readDir: async () => [],
  realPath: async () => "",
  statfs: async () => {
    throw new Error("not asked for");
  },
};

it("reports what was latched", async () => {
  expect(await look({ underVoltage: true, throttled: false, events: 3 })).toEqual({
    piThrottled: false,
    piUnderVoltage: true,
    piThrottleEvents: 3,
  });
});

it("leaves piThrottled out where the word is not read, and all of it where there is no alarm", async () => {
  expect(await look({ ...quiet, throttled: null })).toEqual({
    piUnderVoltage: false,
    piThrottleEvents: 0,
  });
  expect(await look(null)).toBeNull();
});

it("each of two readers of one latch hears of an event once", async () => {
  const dip = { underVoltage: true, throttled: true, events: 1 };
  const share = shareThrottle(latchOf(dip, { ...quiet, events: 1 }));
  const [fast, slow] = [share(), share()];
  expect(await fast.take()).toEqual(dip);
  expect(await fast.take()).toEqual({ ...quiet, events: 1 });
  expect(await slow.take()).toEqual(dip);
  expect(await slow.take()).toEqual({ ...quiet, events: 1 });
});

it("a reader that shares a latch without the word, or without an alarm, is told so", async () => {
  const withoutWord = { ...quiet, throttled: null };
  expect(await shareThrottle(latchOf(withoutWord))().take()).toEqual(withoutWord);
  expect(await shareThrottle(latchOf(null))().take()).toBeNull();
});
