/** The clock is slewed and read in pieces: a boot has not moved because of that. */
const SAME_BOOT_MS = 10_000;

/** Epoch milliseconds of the boot, whole seconds: wall clock - uptime. `nowMs`: null while the clock is not trusted. */
export function bootTime(
  nowMs: number | null,
  uptime: string,
  before: number | null,
): number | null {
  const [, seconds] = /^(\d+(?:\.\d+)?)(?:\s|$)/.exec(uptime) ?? [];
  if (seconds === undefined || nowMs === null) return null;
  const bootMs = Math.round(nowMs / 1_000 - Number(seconds)) * 1_000;
  return before !== null && Math.abs(bootMs - before) < SAME_BOOT_MS ? before : bootMs;
}
