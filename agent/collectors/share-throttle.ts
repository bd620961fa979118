import { andThen } from "../awaitable.ts";
import type { ThrottleLatch, ThrottleReport } from "../ports.ts";

/**
 * Several readers of one latch, each with a "since the last call" of its own: `take` of the latch itself clears it, so
 * a key with an interval of its own would take the news from the others.
 */
export function shareThrottle(latch: ThrottleLatch): () => ThrottleLatch {
  const readers: { underVoltage: boolean; throttled: boolean }[] = [];
  return () => {
    const seen = { underVoltage: false, throttled: false };
    readers.push(seen);
    const share = (report: ThrottleReport | null): ThrottleReport | null => {
      if (report === null) return null;
      for (const reader of readers) {
        reader.underVoltage ||= report.underVoltage;
        reader.throttled ||= report.throttled === true;
      }
      const { underVoltage, throttled } = seen;
      seen.underVoltage = false;
      seen.throttled = false;
      return { ...report, underVoltage, throttled: throttled || report.throttled };
    };
    return {
      files: () => latch.files(),
      take: () => andThen(latch.take(), share),
    };
  };
}
