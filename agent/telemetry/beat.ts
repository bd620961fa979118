import type { Clock } from "../ports.ts";

export interface Beat {
  /** Beats that passed while the machine was suspended or stalled: counted, never caught up. */
  readonly missed: number;
}

/**
 * Calls `beat` every `periodMs` at `firstMs`, `firstMs` + period… from now, on the monotonic clock: a step of the wall
 * clock neither fires nor stalls it, and lateness does not add up.
 */
export function onBeat(
  clock: Clock,
  { periodMs, firstMs }: { readonly periodMs: number; readonly firstMs: number },
  beat: (beat: Beat) => void,
): Disposable {
  const originMs = clock.monotonic() + firstMs;
  let index = 0;
  let timer: Disposable;
  const arm = () => {
    const dueMs = originMs + index * periodMs;
    timer = clock.after(Math.max(0, dueMs - clock.monotonic()), () => {
      const missed = Math.max(0, Math.floor((clock.monotonic() - dueMs) / periodMs));
      index += missed + 1;
      arm();
      beat({ missed });
    });
  };
  arm();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/**
 * Where in the interval this device beats: uniform over a fleet, stable over restarts (FNV-1a of the hardware id).
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function phaseMs(hardwareId: string, periodMs: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(hardwareId)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % periodMs;
}

/**
 * The first beat after the first sample, which goes at once: at the phase, but never so soon that rates would be taken
 * over an instant. Between half a period and one and a half.
 */
export const firstBeatMs = (phase: number, periodMs: number): number =>
  phase < periodMs / 2 ? phase + periodMs : phase;
