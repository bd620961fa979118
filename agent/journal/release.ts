import type { Logger } from "../ports.ts";
import type { SegmentHeader, SegmentStore } from "../segment-store.ts";
import type { Ledger } from "./ledger.ts";
import { removeLeftovers } from "./leftovers.ts";
import type { Thinner } from "./thin.ts";

export interface ReleaseDeps {
  readonly ledger: Ledger;
  readonly disk: SegmentStore | null;
  readonly thinner: Pick<Thinner, "sweep"> | null;
  /** What thinning left over in a former run and could not be removed at the start. */
  readonly leftover: readonly SegmentHeader[];
  readonly log: Logger;
}

/** What nobody waits for goes, as soon as it is written down that nobody does. */
export function createRelease(deps: ReleaseDeps): () => Promise<void> {
  const { ledger, disk, thinner, log } = deps;
  const { segments } = ledger;
  let { leftover } = deps;

  return async () => {
    // With one of the two gone that it was made of, the next start would take it for all that is left of them. Why it
    // could not be removed was said at the start.
    if (disk !== null && leftover.length > 0) leftover = await removeLeftovers(disk, leftover);
    if (leftover.length > 0) return;
    if (ledger.inMemoryOnly(1, Number.POSITIVE_INFINITY).length === 0) await thinner?.sweep();
    // While memory is written to, the last one on the disk keeps counters and notes.
    const needed = [segments.at(-1), segments.findLast(({ onDisk }) => onDisk)];
    for (const segment of [...segments]) {
      if (needed.includes(segment) || !ledger.isReleasable(segment)) continue;
      segments.splice(segments.indexOf(segment), 1);
      const { header, file, onDisk, isDamaged } = segment;
      try {
        await file.close();
        if (onDisk && disk !== null)
          await (isDamaged ? disk.setAside(header) : disk.remove(header, file.bytes));
      } catch (error) {
        log.warn("a segment of the journal cannot be removed", { error: String(error) });
      }
    }
  };
}
