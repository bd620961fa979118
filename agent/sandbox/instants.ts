/** The newest instants of a series, by which a repeat is told. */
export interface Instants {
  /** True when the instant is new: not among the latest that are remembered. */
  note(ts: number): boolean;
}

/** So few are looked through faster than a set is asked, and take the same memory from the first to the last. */
const MOST_IN_A_RING = 256;

export const createInstants = (limit: number): Instants =>
  limit <= MOST_IN_A_RING ? ring(limit) : growing(limit);

function ring(limit: number): Instants {
  const latest = new Array<number>(limit).fill(Number.NaN);
  let next = 0;
  return {
    note(ts) {
      if (latest.includes(ts)) return false;
      latest[next] = ts;
      next = (next + 1) % limit;
      return true;
    },
  };
}

function growing(limit: number): Instants {
  const seen = new Set<number>();
  return {
    note(ts) {
      if (seen.has(ts)) return false;
      seen.add(ts);
      const [oldest] = seen;
      if (seen.size > limit && oldest !== undefined) seen.delete(oldest);
      return true;
    },
  };
}
