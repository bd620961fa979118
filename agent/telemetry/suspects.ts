import { withKeys } from "./batch.ts";
import type { OutboxEntry } from "./outbox.ts";

/** Samples, or parts of one, that are sent together and with nothing else, to find out whom the server refuses. */
export interface Suspect {
  readonly pieces: readonly OutboxEntry[];
  /** How often the server had accepted something when it first refused these; null: it has not. */
  readonly acceptedBefore: number | null;
}

/** `halved`: the halves are tried alone. `deferred`: its turn comes again once the server has accepted something else. */
export type Verdict = "halved" | "deferred" | "culprit";

/**
 * What the server has refused is halved until one sample is left, and then one key of it. Who is at fault then: the sample,
 * or a server that refuses everything (a device profile with another payload type does)? The sample is the culprit only
 * when something else has been accepted since.
 */
export interface Suspects {
  /** Takes the next one out, to be sent; null: none, or only deferred ones. */
  next(): Suspect | null;
  /** The same, also of the deferred: there is nothing else to send. */
  nextDeferred(): Suspect | null;
  /** The server refuses these for what they say, or for their size. */
  refused(suspect: Suspect, why: "content" | "size"): Verdict;
  /** They were not judged: the message was lost, or the server is busy; then the halves may pass. */
  putBack(suspect: Suspect, how?: { readonly halved: boolean }): void;
  /** Whether some of this sample is still to be tried. */
  holds(id: number): boolean;
  accepted(): void;
  /** How many were deferred one after the other, with nothing accepted in between. */
  readonly deferredInARow: number;
}

export function createSuspects(): Suspects {
  /** In the order of their refusal: by the turn of a single sample the other half has spoken for the server. */
  const queue: Suspect[] = [];
  /** Single samples, or single keys. */
  let deferred: Suspect[] = [];
  let acceptances = 0;
  let deferredInARow = 0;
  return {
    next: () => queue.shift() ?? null,
    nextDeferred: () => deferred.shift() ?? null,
    refused(suspect, why) {
      const { pieces } = suspect;
      const acceptedBefore = suspect.acceptedBefore ?? acceptances;
      const isProven = acceptances > acceptedBefore;
      const halves = pieces.length > 1 || isProven || why === "size" ? halvesOf(pieces) : null;
      if (halves !== null) {
        for (const half of halves) queue.push({ pieces: half, acceptedBefore });
        return "halved";
      }
      if (isProven) return "culprit";
      deferred.push({ pieces, acceptedBefore });
      deferredInARow++;
      return "deferred";
    },
    putBack(suspect, { halved } = { halved: false }) {
      const halves = halved ? halvesOf(suspect.pieces) : null;
      if (halves === null) queue.unshift(suspect);
      else queue.unshift(...halves.map((pieces) => ({ ...suspect, pieces })));
    },
    holds: (id) =>
      [...queue, ...deferred].some(({ pieces }) => pieces.some((piece) => piece.id === id)),
    accepted() {
      acceptances++;
      deferredInARow = 0;
      if (deferred.length === 0) return;
      queue.push(...deferred);
      deferred = [];
    },
    get deferredInARow() {
      return deferredInARow;
    },
  };
}

/** Half of the samples each, or half of the keys of the only one; null for a single key. */
export function halvesOf(
  pieces: readonly OutboxEntry[],
): readonly [OutboxEntry[], OutboxEntry[]] | null {
  const middle = Math.ceil(pieces.length / 2);
  if (pieces.length > 1) return [pieces.slice(0, middle), pieces.slice(middle)];
  const [only] = pieces;
  const keys = only ? Object.keys(only.readings) : [];
  if (!only || keys.length < 2) return null;
  const half = Math.ceil(keys.length / 2);
  return [[withKeys(only, keys.slice(0, half))], [withKeys(only, keys.slice(half))]];
}
