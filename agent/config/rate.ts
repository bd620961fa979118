const PER_MINUTE = 60;

/** "20/s" is 20 a second, "30/m" is 0.5; null for anything that is not one whole number and one unit. */
export function parseRate(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})\/(s|m)$/.exec(text) ?? [];
  if (count === undefined) return null;
  return unit === "m" ? Number(count) / PER_MINUTE : Number(count);
}

/** In the unit that needs no fraction: 20 is "20/s", 0.5 is "30/m". */
export const formatRate = (perSecond: number): string =>
  Number.isInteger(perSecond) ? `${perSecond}/s` : `${Math.round(perSecond * PER_MINUTE)}/m`;
