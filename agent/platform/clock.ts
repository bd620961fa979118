import type { Clock } from "../ports.ts";

/** Longest delay setTimeout takes; above it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** CLOCK_MONOTONIC counts from the boot; process.uptime(), half the price of performance.now(), from the start of this process. */
const startedMs = Number(process.hrtime.bigint()) / 1e6 - process.uptime() * 1e3;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => startedMs + process.uptime() * 1e3,
  after(ms, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
