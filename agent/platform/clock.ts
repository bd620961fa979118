import type { Clock } from "../ports.ts";

/** Longest delay setTimeout takes; above it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Half the price of performance.now(), and taken out because `process` is a getter, at every use. */
const { uptime } = process;

/** CLOCK_MONOTONIC counts from the boot, uptime() from the start of this process. */
const startedMs = Number(process.hrtime.bigint()) / 1e6 - uptime() * 1e3;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => startedMs + uptime() * 1e3,
  after: (ms, task) => setTimeout(task, Math.min(Math.max(0, ms), LONGEST_TIMER_MS)),
};
