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
