/** Successes at one size before a larger one is tried; doubled each time that fails. */
const PATIENCE = 8;
const MOST_PATIENCE = 1_024;
/** Of the last messages of sizes that had passed, how many were refused all the same: that is the rate. */
const REMEMBERED = 16;
/** Nobody knows yet. */
const FIRST_RATE = 0.1;
/** How likely it may be that the rate alone is behind it when a size that has passed is doubted, or one is blamed. */
const CHANCE = { doubt: 0.0001, blame: 0.01 } as const;
/** So often in a row is enough to doubt, whatever the rate: these refusals count as the rate's, too. */
const MOST_STRIKES = 24;
const GROWTH = 1.25;

/**
 * How many data points a message may have. ThingsBoard limits them by token buckets, and a message with more points than a
 * bucket can hold never passes; its answer is 5.00, the same as for too many messages and for any fault of its own. So the size is found
 * by trying: halved until one passes, then grown with care. A size is to blame only where a smaller one passes: smaller messages are
 * more messages, and where those are limited, by the device or for all devices together, they would make it worse.
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
  /** The smallest that was refused and has not passed since; null: none. */
  let contested: number | null = null;
  /** How often it was refused, and something smaller passed after that. */
  let proofs = 0;
  let isTried = false;
  /** Where to go back to when something passes again; null: something does. */
  let broken: number | null = null;
  /** Refusals in a row of sizes that had passed, and the smallest of them. */
  let strikes = 0;
  let struck = Number.POSITIVE_INFINITY;
  let passes = 0;
  let patience = PATIENCE;
  /** Share of refusals that were the rate's. */
  let rate = FIRST_RATE;

  const isDoubted = () => strikes >= Math.min(MOST_STRIKES, inARow(CHANCE.doubt, rate));
  const forgive = () => {
    strikes = 0;
    struck = Number.POSITIVE_INFINITY;
  };
  const settle = () => {
    contested = null;
    proofs = 0;
    isTried = false;
  };

  return {
    get limit() {
      return limit;
    },
    refused(points) {
      passes = 0;
      if (points <= proven) {
        strikes++;
        struck = Math.min(struck, points);
        rate += (1 - rate) / REMEMBERED;
        if (!isDoubted()) return false;
        proven = 0;
      }
      forgive();
      if (points <= 1) {
        // Not even one: it was never the size.
        broken ??= goal;
        limit = 1;
        return true;
      }
      contested = Math.min(contested ?? points, points);
      isTried = true;
      limit = Math.max(Math.ceil(points / 2), proven);
      return false;
    },
    passed(points) {
      // One far smaller says nothing for those that were refused.
      if (points * 2 > struck) forgive();
      rate -= rate / REMEMBERED;
      proven = Math.max(proven, points);
      if (broken !== null) {
        limit = broken;
        broken = null;
        settle();
        return;
      }
      goal = Math.max(goal, points);
      if (contested !== null && points >= contested) settle();
      // A message far below the limit says nothing about it.
      if (points * 2 <= limit) return;
      if (contested !== null) {
        if (isTried) proofs++;
        isTried = false;
        if (proofs < inARow(CHANCE.blame, rate)) limit = contested;
        else {
          // It is to blame: from here the limit grows with care.
          if (contested > goal) patience = Math.min(patience * 2, MOST_PATIENCE);
          goal = limit;
          settle();
        }
      } else if (limit < goal) limit = Math.min(limit * 2, goal);
      else if (++passes >= patience) {
        passes = 0;
        limit = Math.ceil(limit * GROWTH);
      }
    },
  };
}

/** How many refusals in a row come about by such a rate alone with no more than that chance. */
const inARow = (chance: number, rate: number) =>
  Math.ceil(Math.log(chance) / Math.log(Math.max(rate, 0.001)));
