import { systemClock } from "../../agent/platform/clock.ts";
import type { Clock } from "../../agent/ports.ts";

/** The time of this machine, so many times as fast: for what needs real sockets and would take minutes. */
export function fastClock(times: number): Clock {
  const [startMs, startedMs] = [systemClock.now(), systemClock.monotonic()];
  const monotonic = () => startedMs + (systemClock.monotonic() - startedMs) * times;
  return {
    now: () => Math.floor(startMs + monotonic() - startedMs),
    monotonic,
    after: (ms, task) => systemClock.after(ms / times, task),
  };
}
