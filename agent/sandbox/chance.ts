const ALPHANUMERICS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Everything random in the sandbox, repeatable from one seed (mulberry32). Not for secrets. */
export function createChance(seed: number) {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    /** True in `percent` of 100 cases. */
    happens: (percent: number) => percent > 0 && fraction() * 100 < percent,
    /** 20 letters and digits, as ThingsBoard makes its tokens and names. */
    name: () =>
      Array.from({ length: 20 }, () => ALPHANUMERICS[Math.floor(fraction() * 62)]).join(""),
  };
}

export type Chance = ReturnType<typeof createChance>;
