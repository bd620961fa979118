import type { HandedIn } from "../support/handed-in.ts";

/** Where the readings are that a board was handed in, each with a number. */
export interface Accounts {
  readonly accepted: number;
  /** Handed in, and refused or not answered. */
  readonly notTaken: number;
  /** On the server. */
  readonly stored: number;
  /** In the state folder after the end, and not on the server. */
  readonly waiting: number;
  /** By the agent's own count. */
  readonly dropped: number;
  /** Accepted, and neither on the server nor waiting, beyond those that were dropped. */
  readonly lost: number;
  /** On the server under more than one `ts`. */
  readonly doubled: number;
  /** On the server, and never handed in, or refused. */
  readonly invented: number;
}

/** What the server has: by number, the instants that it stands under. */
export type Stored = ReadonlyMap<number, ReadonlySet<number>>;

export function accountFor(
  handed: HandedIn,
  stored: Stored,
  waiting: readonly number[],
  dropped: number,
): Accounts {
  const onlyWaiting = new Set(waiting.filter((n) => !stored.has(n)));
  const missing = [...handed.accepted].filter((n) => !stored.has(n) && !onlyWaiting.has(n)).length;
  const isHandedIn = (n: number) =>
    Number.isInteger(n) && n >= 1 && n <= handed.sent && !handed.refused.has(n);
  return {
    accepted: handed.accepted.size,
    notTaken: handed.sent - handed.accepted.size,
    stored: stored.size,
    waiting: onlyWaiting.size,
    dropped,
    lost: Math.max(0, missing - dropped),
    doubled: [...stored.values()].filter(({ size }) => size > 1).length,
    invented: [...stored.keys(), ...onlyWaiting].filter((n) => !isHandedIn(n)).length,
  };
}
