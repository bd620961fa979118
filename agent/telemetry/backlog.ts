import type { Journal } from "../ports.ts";
import type { OutboxEntry } from "./outbox.ts";

/** What waits, oldest first, read ahead: each sample is read from the disk once, however many messages are under way. */
export interface Backlog {
  /** At most `limit` that `isFree`. */
  next(limit: number, isFree: (entry: OutboxEntry) => boolean): Promise<readonly OutboxEntry[]>;
  /** More of what was passed over may have a time now. */
  lookAgain(): void;
}

/** Samples that have to wait for their time, or could not be read, are looked at again with every so many calls. */
const LOOK_AGAIN = 64;

export interface BacklogDeps {
  readonly journal: Pick<Journal, "read" | "isWaiting">;
  /** Those of the entries that can be sent, with their time. */
  readonly dated: (entries: Awaited<ReturnType<Journal["read"]>>) => Promise<OutboxEntry[]>;
}

export function createBacklog({ journal, dated }: BacklogDeps): Backlog {
  let ahead: OutboxEntry[] = [];
  /** All before this one are `ahead`, or were. */
  let fromId = 0;
  let calls = 0;

  /** False at the end of the journal. */
  const readMore = async (limit: number): Promise<boolean> => {
    const entries = await journal.read({ fromId, limit });
    const last = entries.at(-1);
    if (!last) return false;
    fromId = last.id + 1;
    ahead.push(...(await dated(entries)));
    return true;
  };

  const lookAgain = () => {
    ahead = [];
    fromId = 0;
  };

  return {
    lookAgain,
    async next(limit, isFree) {
      ahead = ahead.filter(({ id }) => journal.isWaiting(id));
      const free = () => ahead.filter(isFree);
      while (free().length < limit && (await readMore(limit - free().length)));
      if (free().length === 0 && fromId > 0 && ++calls % LOOK_AGAIN === 0) {
        lookAgain();
        while (free().length === 0 && (await readMore(limit)));
      }
      return free().slice(0, limit);
    },
  };
}
