export interface BackoffPolicy {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Exponential with full jitter: between nothing and all of min(maxMs, baseMs * 2^attempt).
 * A site that lost power boots every device in the same second; the jitter spreads them out.
 * `random` is in [0, 1) and comes from the caller, so this stays a pure function.
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: number): number {
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** attempt);
  return Math.round(ceiling * random);
}

/** The 1st, 2nd, 4th, 8th… of a repeated event is worth a log line; a log that repeats itself wears the card out. */
export const isWorthLogging = (count: number): boolean => (count & (count - 1)) === 0;
