import type { Clock } from "../ports.ts";

/** Longest delay setTimeout takes; above it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A shorter one ends by itself before anything has become cold. */
const WORTH_A_LOOK_MS = 100;

/** Half the price of performance.now(), and taken out because `process` is a getter, at every use. */
const { uptime } = process;

/** CLOCK_MONOTONIC counts from the boot, uptime() from the start of this process. */
const startedMs = Number(process.hrtime.bigint()) / 1e6 - uptime() * 1e3;

/**
 * Node does not tell the kernel that a timer was cancelled: it sleeps until that would have been due, and only then looks for the next.
 * After each report that was a wake-up for nothing, of the retransmission that was not needed. Whatever is due at once makes it look now.
 */
let isAboutToLook = false;
const looked = () => {
  isAboutToLook = false;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => startedMs + uptime() * 1e3,
  after(ms, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    if (ms < WORTH_A_LOOK_MS) return timer;
    return {
      [Symbol.dispose]() {
        clearTimeout(timer);
        if (isAboutToLook) return;
        isAboutToLook = true;
        setTimeout(looked, 1);
      },
    };
  },
};
