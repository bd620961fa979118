import { isWorthLogging } from "../backoff.ts";
import { kindOf } from "../errors.ts";
import type { Logger, RefusedSamples } from "../ports.ts";
import type { Refusal } from "../thingsboard/serialise.ts";
import type { OutboxEntry } from "./outbox.ts";

/** Of the same keys: an example is what the operator needs, not a worn card. */
const KEPT_OF_EACH = 16;
const MOST_KEYS_SAID = 100;

/** Tells the operator of readings that nobody takes. */
export interface Refusals {
  /** Cannot be written as ThingsBoard reads it. Each key is named once. */
  unsendable(refused: readonly Refusal[]): void;
  /** The server does not take it, whatever it is sent with. It is set aside. */
  culprit(piece: OutboxEntry, reason: string): void;
}

export function createRefusals(deps: {
  readonly aside: RefusedSamples;
  readonly log: Logger;
}): Refusals {
  const { aside, log } = deps;
  const said = new Set<string>();
  const culprits = new Map<string, number>();
  let failures = 0;

  const keep = ({ ts, readings }: OutboxEntry, reason: string) => {
    try {
      aside.keep({ ts, readings, reason });
    } catch (error) {
      if (kindOf(error) !== "storage") throw error;
      if (isWorthLogging(++failures))
        log.warn("a refused reading could not be set aside", {
          error: String(error),
          count: failures,
        });
    }
  };

  return {
    unsendable(refused) {
      // A program that makes up keys does not fill the log.
      for (const { key, reason } of refused) {
        if (said.has(key) || said.size >= MOST_KEYS_SAID) continue;
        said.add(key);
        log.warn("reading cannot be sent", { key, reason });
      }
    },
    culprit(piece, reason) {
      const keys = Object.keys(piece.readings).join(",");
      const count = (culprits.get(keys) ?? 0) + 1;
      if (culprits.size >= MOST_KEYS_SAID) culprits.clear();
      culprits.set(keys, count);
      if (count <= KEPT_OF_EACH || isWorthLogging(count)) keep(piece, reason);
      if (isWorthLogging(count))
        log.error("reading given up, the server refuses it", { reason, keys, ts: piece.ts, count });
    },
  };
}
