import type { Logger } from "../ports.ts";
import type { SegmentHeader, SegmentStore } from "../segment-store.ts";
import { codeOf } from "./disk-standing.ts";
import { labelOf } from "./segment.ts";

/**
 * What a power cut within `thin` and `sweep` leaves too much; nothing is lost with it. The merged segment has the number of
 * the newer and the first id of the older one: with both of them there it is the one too many, with the newer one gone the
 * older one is.
 */
export const leftovers = (headers: readonly SegmentHeader[]): readonly SegmentHeader[] =>
  headers.flatMap((merged) => {
    const { number, firstId } = merged;
    const older = headers.find((other) => other.firstId === firstId && other.number < number);
    const newer = headers.find((other) => other.number === number && other.firstId > firstId);
    return older && newer ? [merged] : (older ?? newer ?? []);
  });

/** Tells which of them could not be removed yet; the reason goes to the log, where one is given. */
export async function removeLeftovers(
  store: SegmentStore,
  left: readonly SegmentHeader[],
  log?: Logger,
): Promise<readonly SegmentHeader[]> {
  const stay: SegmentHeader[] = [];
  for (const header of left) {
    try {
      await store.remove(header, null);
    } catch (error) {
      const code = codeOf(error);
      if (code === null) throw error;
      const fields = { segment: labelOf(header), error: code };
      log?.warn("a segment that thinning left over cannot be removed", fields);
      stay.push(header);
    }
  }
  return stay;
}
