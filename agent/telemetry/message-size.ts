/** Successes at one size before a larger one is tried; doubled each time that fails. */
const PATIENCE = 8;
const MOST_PATIENCE = 1_024;
/** A size that passed before is not blamed for the first refusals: then it is the rate. */
const STRIKES = 3;
const GROWTH = 1.25;

/**
 * How many data points a message may have. ThingsBoard limits them by token buckets, and a message with more points than a
 * bucket can hold never passes; its answer is 5.00, the same as for any fault of its own. So the size is found by trying:
 * halved down to one data point, then doubled to where it was, then grown with care.
 */
export interface MessageSize {
  readonly limit: number;
  /** 5.00 to a message of so many data points. True: no smaller one helps, and it is no matter of the rate either. */
  refused(points: number): boolean;
  passed(points: number): void;
}

export function createMessageSize(): MessageSize {
  let limit = Number.POSITIVE_INFINITY;
  /** The largest that passed since sizes were last in doubt. */
  let proven = 0;
  /** Up to here the limit is doubled, beyond it grown with care. */
  let goal = Number.POSITIVE_INFINITY;
  /** Where the limit stood before the refusals in a row began; null while there are none. */
  let before: number | null = null;
  let strikes = 0;
  let passes = 0;
  let patience = PATIENCE;

  return {
    get limit() {
      return limit;
    },
    refused(points) {
      strikes++;
      passes = 0;
      if (points <= proven && strikes < STRIKES) return false;
      before ??= limit;
      if (points <= 1) {
        // Not even one: it was never the size.
        goal = before;
        limit = 1;
        return true;
      }
      const half = Math.ceil(points / 2);
      if (points <= proven) proven = 0;
      else if (proven > 0) patience = Math.min(patience * 2, MOST_PATIENCE);
      limit = Math.max(half, proven);
      goal = limit;
      return false;
    },
    passed(points) {
      strikes = 0;
      before = null;
      proven = Math.max(proven, points);
      // A message far below the limit says nothing about it.
      if (points * 2 <= limit) return;
      if (limit < goal) limit = Math.min(limit * 2, goal);
      else if (++passes >= patience) {
        passes = 0;
        limit = Math.ceil(limit * GROWTH);
        goal = limit;
      }
    },
  };
}
