/** 2024-01-01T00:00:00Z: a board without a clock of its own starts in 1970, or at the day its system was built. */
const CLOCK_BEGINS_MS = 1_704_067_200_000;

/** The clock is slewed and read in pieces: a boot has not moved because of that. */
const SAME_BOOT_MS = 10_000;

/** Epoch milliseconds of the boot, whole seconds: wall clock - uptime. Null while the clock cannot be right. */
export function bootTime(nowMs: number, uptime: string, before: number | null): number | null {
  const [, seconds] = /^(\d+(?:\.\d+)?)(?:\s|$)/.exec(uptime) ?? [];
  if (seconds === undefined || nowMs < CLOCK_BEGINS_MS) return null;
  const bootMs = Math.round(nowMs / 1_000 - Number(seconds)) * 1_000;
  return before !== null && Math.abs(bootMs - before) < SAME_BOOT_MS ? before : bootMs;
}
