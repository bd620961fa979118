import type { Clock } from "../ports.ts";
import type { Timeline } from "./timeline.ts";

/** Most clocks are set within seconds of the network; later, one look costs no more than a beat. */
const FIRST_CHECK_MS = 5_000;
const LONGEST_CHECK_MS = 30_000;

/**
 * Looks at the clock while it is not trusted: a day between two samples is no reason to send yesterday's a day late. While
 * it is trusted no timer runs, each sample looks.
 */
export function watchUntilTrusted(
  clock: Clock,
  timeline: Pick<Timeline, "check" | "source" | "onSource">,
): Disposable {
  let timer: Disposable | null = null;
  let isOver = false;
  let waitMs = FIRST_CHECK_MS;
  const arm = () => {
    timer = clock.after(waitMs, look);
    waitMs = Math.min(LONGEST_CHECK_MS, waitMs * 2);
  };
  const look = () => {
    timer = null;
    if (!timeline.check() && timer === null && !isOver) arm();
  };
  timeline.onSource(() => {
    if (timeline.source !== null || timer !== null || isOver) return;
    waitMs = FIRST_CHECK_MS;
    arm();
  });
  look();
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer?.[Symbol.dispose]();
    },
  };
}
