import type { OutboxEntry } from "./outbox.ts";
import { apart, groupsOf, halvesOf } from "./split.ts";

/** Samples, or parts of one, that are sent together and with nothing else, to find out whom the server refuses. */
export interface Suspect {
  readonly pieces: readonly OutboxEntry[];
  /** How often the server had accepted something when it first refused these; null: it has not. */
  readonly acceptedBefore: number | null;
  /** One of the groups of keys of a sample among which one is looked for that the server takes. */
  readonly isHunted?: boolean;
}

/**
 * `split`: its parts are tried alone. `deferred`: its turn comes again once the server has accepted something else. `returned`:
 * nothing of it is kept here, it waits as any other.
 */
export type Verdict = "split" | "deferred" | "returned" | "culprit";

/** So many are kept until the server has accepted something, and are not sent before that; more of them wait as any other. */
const MOST_DEFERRED = 16;
/** A program that makes up keys fills no memory. */
const MOST_CULPRITS = 100;
/** Groups of keys in the first hunt, and so many times more in each that follows. */
const GROUPS = 4;

/**
 * What the server has refused is halved until one sample is left, and then one key of it. Who is at fault then: the sample,
 * or a server that refuses everything (a device profile with another payload type does)? The sample is the culprit only
 * when something else has been accepted since. Where every sample has the same bad key nothing ever is: so of the second
 * sample in a row, the fourth, the eighth and so on the keys are tried in groups, more of them each time. One that is
 * accepted speaks for the server. From then on the key is known, and sent apart from others once a sample is refused: unless
 * what was apart has been refused, too.
 */
export interface Suspects {
  /** Takes the next one out, to be sent; null: none, or only deferred ones. */
  next(): Suspect | null;
  /** The same, also of the deferred: there is nothing else to send. */
  nextDeferred(): Suspect | null;
  /** Whether `next` has one. */
  readonly hasNext: boolean;
  /** Some of them are groups of keys: they go before anything else, or the next sample would be refused first. */
  readonly isHunting: boolean;
  /** The server refuses these for what they say, or for their size. */
  refused(suspect: Suspect, why: "content" | "size"): Verdict;
  /** They were not judged: the message was lost, or the server is busy; then the halves may pass. */
  putBack(suspect: Suspect, how?: { readonly halved: boolean }): void;
  /** Whether some of this sample is still to be tried. */
  holds(id: number): boolean;
  accepted(): void;
  /** How many samples were refused alone one after the other, with nothing accepted in between. */
  readonly refusedInARow: number;
}

export function createSuspects(): Suspects {
  /** In the order of their refusal: by the turn of a single sample the other half has spoken for the server. */
  const queue: Suspect[] = [];
  /** Single samples, or single keys. */
  let deferred: Suspect[] = [];
  /** Keys that were given up. */
  const culprits = new Set<string>();
  let acceptances = 0;
  let refusedInARow = 0;
  /** With nothing accepted in between. */
  let hunts = 0;

  const know = ([only]: readonly OutboxEntry[]) => {
    if (culprits.size >= MOST_CULPRITS) culprits.clear();
    for (const key of Object.keys(only?.readings ?? {})) culprits.add(key);
  };
  const partsOf = (pieces: readonly OutboxEntry[], mayHalve: boolean) => {
    const [only, another] = pieces;
    const known = only && !another && refusedInARow === 0 ? apart(only, culprits) : null;
    return known?.map((part) => [part]) ?? (another || mayHalve ? halvesOf(pieces) : null);
  };
  /** Null: it is not its turn, or it has a single key, and leaves its turn to the next one. */
  const hunted = ([only]: readonly OutboxEntry[]) => {
    if (!only || refusedInARow < 2 ** (hunts + 1)) return null;
    const groups = groupsOf(only, GROUPS ** (hunts + 1));
    if (groups !== null) hunts++;
    return groups;
  };

  return {
    next: () => queue.shift() ?? null,
    nextDeferred: () => deferred.shift() ?? null,
    get hasNext() {
      return queue.length > 0;
    },
    get isHunting() {
      return queue.some(({ isHunted }) => isHunted);
    },
    refused({ pieces, acceptedBefore: before, isHunted }, why) {
      const acceptedBefore = before ?? acceptances;
      const isProven = acceptances > acceptedBefore;
      const parts = partsOf(pieces, isProven || why === "size");
      if (parts !== null) {
        for (const part of parts) queue.push({ pieces: part, acceptedBefore });
        return "split";
      }
      if (isProven) {
        know(pieces);
        return "culprit";
      }
      if (!isHunted) refusedInARow++;
      const groups = isHunted ? null : hunted(pieces);
      if (groups !== null) {
        for (const group of groups) queue.push({ pieces: [group], acceptedBefore, isHunted: true });
        return "split";
      }
      if (deferred.length >= MOST_DEFERRED) return "returned";
      // With what was accepted before: another group may speak for the server a moment later.
      deferred.push({ pieces, acceptedBefore, ...(isHunted && { isHunted }) });
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
      refusedInARow = 0;
      hunts = 0;
      // No hurry any more: the server has spoken.
      for (const { pieces, acceptedBefore } of deferred) queue.push({ pieces, acceptedBefore });
      deferred = [];
    },
    get refusedInARow() {
      return refusedInARow;
    },
  };
}
