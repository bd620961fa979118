import type { Readings } from "../ports.ts";
import { withKeys } from "./batch.ts";
import type { OutboxEntry } from "./outbox.ts";

/**
 * Samples that travel in several messages, and what of them is still to be sent. In memory only: after a restart such a
 * sample is sent as a whole, and the server stores it once all the same, by its `ts`.
 */
export interface SampleParts {
  /** What is still to be sent of it: all, where nothing was cut from it. */
  rest(entry: OutboxEntry): OutboxEntry;
  /** From now on its keys are counted one by one. `unsendable` ones are refused already. */
  open(entry: OutboxEntry, unsendable: readonly string[]): void;
  /** These keys are done with, delivered or refused. Null: others are still to be sent; else what was refused of the sample. */
  done(piece: OutboxEntry, fate: "delivered" | "refused"): Readings | null;
  /** Forgets samples that nobody waits for any more. */
  sweep(isWaiting: (id: number) => boolean): void;
}

interface Parts {
  readonly left: Set<string>;
  readonly refused: Readings;
}

export function createSampleParts(): SampleParts {
  const partsById = new Map<number, Parts>();
  return {
    rest(entry) {
      const parts = partsById.get(entry.id);
      return parts ? withKeys(entry, [...parts.left]) : entry;
    },
    open(entry, unsendable) {
      if (partsById.has(entry.id)) return;
      const left = new Set(Object.keys(entry.readings));
      for (const key of unsendable) left.delete(key);
      const { readings: refused } = withKeys(entry, unsendable);
      partsById.set(entry.id, { left, refused });
    },
    done({ id, readings }, fate) {
      const parts = partsById.get(id);
      if (!parts) return fate === "refused" ? readings : {};
      for (const key of Object.keys(readings)) parts.left.delete(key);
      const refused = fate === "refused" ? { ...parts.refused, ...readings } : parts.refused;
      if (parts.left.size > 0) partsById.set(id, { ...parts, refused });
      else partsById.delete(id);
      return parts.left.size > 0 ? null : refused;
    },
    sweep(isWaiting) {
      for (const id of partsById.keys()) if (!isWaiting(id)) partsById.delete(id);
    },
  };
}
