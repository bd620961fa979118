const LONGEST_KEY = 255;

/**
 * Whether ThingsBoard's storage takes a telemetry key. Its check for markup is a policy file;
 * this one refuses what starts like a tag: "<b>", "</b", "<!--".
 */
export const isStorableKey = (key: string): boolean =>
  key.trim() !== "" && key.length <= LONGEST_KEY && !/<[a-z!/?]/i.test(key);
