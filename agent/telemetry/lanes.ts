/**
 * Time is dealt out in slots of 16 ms, and each rule by which samples are dated has milliseconds of its own in every slot.
 * So no two of them ever give the same `ts`, whatever the clock did, and nobody has to remember what the other gave.
 */
export const SLOT_MS = 16;

/** Times that no earlier run can have given: the first half of a slot, 500 samples a second. */
const FRESH_MS = 8;
/** The clock was set back below what earlier runs gave: each pass through that time has a lane, four in turn. */
const AGAIN = { first: 8, lanes: 4 } as const;
/** Dated afterwards, from the monotonic clock: four lanes in turn, because boots may overlap where a clock was wrong. */
const BACKDATED = { first: 12, lanes: 4 } as const;

/** The first time from `ms` on that is free for a clock that goes ahead. */
export const freshFrom = (ms: number): number =>
  ms % SLOT_MS < FRESH_MS ? ms : ms - (ms % SLOT_MS) + SLOT_MS;

/** The first time from `ms` on of this pass. */
export function againFrom(ms: number, pass: number): number {
  const lane = AGAIN.first + (pass % AGAIN.lanes);
  return ms + ((lane - (ms % SLOT_MS) + SLOT_MS) % SLOT_MS);
}

export const slotOf = (ms: number): number => ms - (ms % SLOT_MS);

/**
 * What to add to a whole slot of the monotonic clock to get a `ts`, at most two slots too early and never ahead of the wall
 * clock: a sample that is dated afterwards stays before one that was taken after it.
 */
export function backdatingOffset(nowMs: number, monotonicMs: number, turn: number): number {
  const lane = BACKDATED.first + (turn % BACKDATED.lanes);
  return slotOf(Math.floor(nowMs)) - slotOf(Math.floor(monotonicMs)) - 2 * SLOT_MS + lane;
}

/** Whose turn it was: the `turn` that `backdatingOffset` was given, as far as lanes tell them apart. */
export const turnOf = (offset: number): number =>
  ((offset % SLOT_MS) + SLOT_MS - BACKDATED.first) % BACKDATED.lanes;
