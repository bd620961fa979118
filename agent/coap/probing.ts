import { onAbort } from "../aborting.ts";
import type { Clock } from "../ports.ts";

export interface Probing {
  /** Whether a NON has to wait. */
  readonly isHeld: boolean;
  /** How many wait. */
  readonly waiting: number;
  /** Until a NON may leave, or the peer says something; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>;
  /** A NON of that many bytes has left. */
  sent(bytes: number): void;
  /** The peer said something. */
  heard(): void;
}

/** PROBING_RATE (RFC 7252 §4.7) is 1 byte a second, so every byte costs this much. */
const MS_PER_BYTE = 1_000;

/** A NON has no ACK to pace it: while nothing comes back, only a trickle may leave. */
export function createProbing(clock: Clock): Probing {
  const waiting = new Set<() => void>();
  let freeAt = Number.NEGATIVE_INFINITY;
  const remainingMs = () => Math.max(0, freeAt - clock.monotonic());

  return {
    get isHeld() {
      return remainingMs() > 0;
    },
    get waiting() {
      return waiting.size;
    },
    wait: (signal) =>
      new Promise((resolve, reject) => {
        const leave = () => {
          timer[Symbol.dispose]();
          waiting.delete(goOn);
          forget();
        };
        const goOn = () => {
          leave();
          resolve();
        };
        const timer = clock.after(remainingMs(), goOn);
        waiting.add(goOn);
        const abort = () => {
          leave();
          reject(signal.reason);
        };
        const forget = onAbort(signal, abort);
        if (signal.aborted) abort();
      }),
    sent(bytes) {
      freeAt = Math.max(freeAt, clock.monotonic()) + bytes * MS_PER_BYTE;
    },
    heard() {
      freeAt = Number.NEGATIVE_INFINITY;
      for (const goOn of [...waiting]) goOn();
    },
  };
}
