/** The newest notification of one registration. A new token starts afresh. */
export interface Freshness {
  readonly number: number;
  /** Monotonic milliseconds of its arrival. */
  readonly atMs: number;
}

const MODULUS = 2 ** 24;
const HALF = 2 ** 23;
const ALWAYS_NEWER_AFTER_MS = 128_000;

/** RFC 7641 §3.4. */
export function isNewer(next: Freshness, last: Freshness): boolean {
  const [v1, v2] = [last.number, next.number];
  return (
    (v1 < v2 && v2 - v1 < HALF) ||
    (v1 > v2 && v1 - v2 > HALF) ||
    next.atMs > last.atMs + ALWAYS_NEWER_AFTER_MS
  );
}

/**
 * Judges one notification. ThingsBoard numbers every one that it makes, also those it overwrites before
 * they leave, so anything but the successor of the last number means that something was lost or overtaken.
 */
export function follow(
  last: Freshness,
  next: Freshness,
): { readonly newest: Freshness; readonly gap: boolean } {
  const step = (next.number - last.number + MODULUS) % MODULUS;
  return { newest: isNewer(next, last) ? next : last, gap: step !== 1 };
}
