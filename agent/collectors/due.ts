/** Beats come a little early or late: what is due at one must not wait for the next. */
const EARLY_MS = 5_000;

/** Monotonic; the earliest beat at which something is due again that is done more rarely than at each of them. */
export const dueAfter = (nowMs: number, everyMs: number): number => nowMs + everyMs - EARLY_MS;
