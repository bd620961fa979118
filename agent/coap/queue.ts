import { onAbort } from "../aborting.ts";
import type { Awaitable, Clock } from "../ports.ts";
import { CoapError, cancelled } from "./coap-error.ts";

/** Higher goes first: a reply to an RPC, the next block of a transfer under way, everything else. */
export const PRIORITY = { urgent: 2, continuation: 1, normal: 0 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

export interface Queue {
  /**
   * A place, when it is this request's turn; disposing it lets the next one go. Throws, or rejects with, CoapError
   * `cancelled`, or `timeout` of phase `queue` when the wait is too long or the queue full.
   */
  enter(priority: Priority, signal: AbortSignal): Awaitable<Disposable>;
  readonly waiting: number;
  readonly active: number;
}

export interface QueueDeps {
  readonly clock: Clock;
  /** Whom the queue leads to, for messages. */
  readonly peer: string;
  /** NSTART: how many may be active together (RFC 7252 §4.7). */
  readonly places: number;
  readonly maxWaiting: number;
  readonly deadlineMs: number;
}

interface Waiter {
  readonly priority: Priority;
  admit(): void;
}

export function createQueue({ clock, peer, places, maxWaiting, deadlineMs }: QueueDeps): Queue {
  const waiters: Waiter[] = [];
  let active = 0;

  const place = (): Disposable => {
    let held = true;
    active++;
    return {
      [Symbol.dispose]() {
        if (!held) return;
        held = false;
        active--;
        if (active < places) waiters.shift()?.admit();
      },
    };
  };

  const wait = (priority: Priority, signal: AbortSignal) =>
    new Promise<Disposable>((resolve, reject) => {
      const leave = () => {
        timer[Symbol.dispose]();
        forget();
        const index = waiters.indexOf(waiter);
        if (index >= 0) waiters.splice(index, 1);
      };
      const waiter: Waiter = {
        priority,
        admit() {
          leave();
          resolve(place());
        },
      };
      const timer = clock.after(deadlineMs, () => {
        leave();
        const text = `the request to ${peer} waited ${deadlineMs / 1000} s for its turn and was never sent`;
        reject(new CoapError("timeout", text, { phase: "queue" }));
      });
      const forget = onAbort(signal, () => {
        leave();
        reject(cancelled(`the request to ${peer}, waiting for its turn,`, signal.reason));
      });
      const behind = waiters.findIndex((other) => other.priority < priority);
      waiters.splice(behind < 0 ? waiters.length : behind, 0, waiter);
    });

  return {
    enter(priority, signal) {
      if (signal.aborted) throw cancelled(`the request to ${peer}`, signal.reason);
      if (active < places && waiters.length === 0) return place();
      // The next block belongs to a request that was let in before: the bound does not hold it up.
      if (waiters.length >= maxWaiting && priority !== PRIORITY.continuation)
        throw queueFull(peer, waiters.length);
      return wait(priority, signal);
    },
    get waiting() {
      return waiters.length;
    },
    get active() {
      return active;
    },
  };
}

export const queueFull = (peer: string, waiting: number): CoapError => {
  const text = `${waiting} requests to ${peer} wait already; one more was not accepted`;
  return new CoapError("timeout", text, { phase: "queue" });
};
