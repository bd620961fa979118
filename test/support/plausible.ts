import { expect } from "vitest";
import type { Readings } from "../../agent/ports.ts";

/** Lowest and highest of what is not simply "not negative". */
const ranges: readonly (readonly [key: RegExp, lowest: number, highest: number])[] = [
  [/Usage$|^cpu(Iowait|Steal)$|^pressure/, 0, 100],
  [/^cpuTemperature$/, -100, 400],
  [/^wifiSignal$/, -150, -1e-9],
  [/Voltage$/, 0, 20],
  [/^sdLifeUsed$/, 10, 110],
];

/** Whatever a collector returns can be sent: finite, and within what the thing can be. */
export function expectPlausible(readings: Readings): void {
  for (const [key, value] of Object.entries(readings)) {
    if (typeof value === "boolean") continue;
    const [, lowest, highest] = ranges.find(([pattern]) => pattern.test(key)) ?? [key, 0, Infinity];
    expect(value, key).toSatisfy(Number.isFinite);
    expect(value, key).toBeGreaterThanOrEqual(lowest);
    expect(value, key).toBeLessThanOrEqual(highest);
  }
}
