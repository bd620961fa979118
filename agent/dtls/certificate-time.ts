/** When a certificate is valid, in Unix epoch milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface ClockState {
  readonly nowMs: number;
  /** Its time is believed: see docs/clock.md. */
  readonly isTrusted: boolean;
}

export interface NamedCause {
  readonly message: string;
  /** The next command to run, or whom to ask. */
  readonly hint: string;
}

const DAY_MS = 86_400_000;
const SET_THE_CLOCK = "timedatectl tells whether the clock is set; the agent tries again by itself";

/**
 * Why a certificate is refused as not valid now: by the clock of this board, or because its time is over. Null: the time is
 * not the reason. A clock that is not trusted is named first, because it is wrong far more often than a server is.
 */
export function certificateTimeError(
  { notBeforeMs, notAfterMs }: Validity,
  { nowMs, isTrusted }: ClockState,
): NamedCause | null {
  if (nowMs >= notBeforeMs && nowMs <= notAfterMs) return null;
  if (nowMs < notBeforeMs) {
    const early = `the server's certificate becomes valid in ${daysIn(notBeforeMs - nowMs)}`;
    return isTrusted
      ? {
          message: early,
          hint: "is the server's certificate new, or the clock of this board slow?",
        }
      : { message: `${early}, by a clock that is not set yet`, hint: SET_THE_CLOCK };
  }
  const late = `the server's certificate expired ${daysIn(nowMs - notAfterMs)} ago`;
  return isTrusted
    ? { message: late, hint: "whoever runs the server has to renew its certificate" }
    : { message: `${late}, by a clock that is not trusted`, hint: SET_THE_CLOCK };
}

function daysIn(ms: number): string {
  const days = Math.ceil(ms / DAY_MS);
  return days === 1 ? "less than a day" : `${days} days`;
}
