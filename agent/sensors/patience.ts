import type { Look } from "../ports.ts";
import { classify } from "./fault.ts";

/** A sensor that fails is asked at least this often. */
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * Reads by the class of what went wrong: after a bus fault once more at once, then at
 * the next beat, the 2nd after it, the 4th, 8th… and at least every 5 minutes; without the
 * right every 5 minutes. While it waits the last error stands: the sensor is still broken. Null: nothing to say.
 */
export function patiently<T>(read: (look: Look) => Promise<T>): (look: Look) => Promise<T | null> {
  let failed: { readonly error: unknown; readonly atMs: number } | null = null;
  let faults = 0;
  let beatsToWait = 0;

  const attempt = async (look: Look): Promise<T> => {
    try {
      return await read(look);
    } catch (error) {
      if (classify(error) !== "bus fault" || look.signal.aborted) throw error;
      return await read(look);
    }
  };

  return async (look) => {
    if (failed && beatsToWait > 0 && look.monotonicMs - failed.atMs < LONGEST_PAUSE_MS) {
      beatsToWait--;
      throw failed.error;
    }
    try {
      const value = await attempt(look);
      failed = null;
      faults = 0;
      return value;
    } catch (error) {
      const fault = classify(error);
      if (fault === "not ready" || fault === "absent") return null;
      failed = { error, atMs: look.monotonicMs };
      faults = fault === "bus fault" ? faults + 1 : 0;
      beatsToWait = fault === "no right" ? Number.POSITIVE_INFINITY : beatsAfter(faults);
      throw error;
    }
  };
}

/** Beats left out after so many faults in a row: 0, 1, 3, 7… so that every 1st, 2nd, 4th, 8th is tried. */
const beatsAfter = (faults: number): number => (faults === 0 ? 0 : 2 ** (faults - 1) - 1);
