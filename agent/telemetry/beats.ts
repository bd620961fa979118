import type { Clock } from "../ports.ts";

export interface Beats {
  /** The periods whose beat this is, in milliseconds. */
  readonly periodsMs: ReadonlySet<number>;
  /** Beats of these periods that passed while the machine was suspended or stalled: counted, never caught up. */
  readonly missed: number;
}

export interface Rhythm {
  /** Each once; none is 0. */
  readonly periodsMs: readonly number[];
  /** Of all periods, from now on: their multiples meet there. Negative: it lies in the past. */
  readonly offsetMs: number;
}

/** Beats a millisecond apart are one. */
const TOGETHER_MS = 1;

/**
 * Calls `beat` whenever a period is due, once for all that are due together, on the monotonic clock: a step of the wall
 * clock neither fires nor stalls it, and lateness does not add up. The beats of a period are at offset + k x period;
 * the first is at least half a period away, so that rates are never taken over an instant.
 */
export function onBeats(
  clock: Clock,
  { periodsMs, offsetMs }: Rhythm,
  beat: (beats: Beats) => void,
): Disposable {
  const originMs = clock.monotonic() + offsetMs;
  const lanes = periodsMs.map((periodMs) => ({
    periodMs,
    index: Math.ceil((periodMs / 2 - offsetMs) / periodMs),
  }));
  const dueOf = ({ periodMs, index }: { periodMs: number; index: number }) =>
    originMs + index * periodMs;
  let timer: Disposable = { [Symbol.dispose]() {} };
  const arm = () => {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const lane of lanes) nextMs = Math.min(nextMs, dueOf(lane));
    if (lanes.length > 0) timer = clock.after(Math.max(0, nextMs - clock.monotonic()), fire);
  };
  const fire = () => {
    const nowMs = clock.monotonic();
    const due = new Set<number>();
    let missed = 0;
    for (const lane of lanes) {
      const lateMs = nowMs - dueOf(lane);
      if (lateMs < -TOGETHER_MS) continue;
      const late = Math.max(0, Math.floor(lateMs / lane.periodMs));
      lane.index += late + 1;
      missed += late;
      due.add(lane.periodMs);
    }
    arm();
    if (due.size > 0) beat({ periodsMs: due, missed });
  };
  arm();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
