import type { Readings } from "../../agent/ports.ts";

/** What was accepted, and what of it the server stored, by (key, ts); for more samples than one would keep as objects. */
export interface SampleLedger {
  accepted(ts: number, values: Readings): void;
  /** A fault of the agent goes into `faults`; the same point twice with the same value is a repeat. */
  stored(ts: number, values: Readings): void;
  readonly counts: {
    readonly accepted: number;
    /** Samples of which every key is stored. */
    readonly complete: number;
    readonly repeats: number;
  };
  /** The first few: "1795341600000: cpuUsage was never accepted". */
  readonly faults: readonly string[];
}

const MOST_KEYS = 64;
const MOST_FAULTS = 20;

/** `most` samples. All of its memory is taken at once and lies outside the JavaScript heap. */
export function sampleLedger(most: number): SampleLedger {
  const places = 2 ** Math.ceil(Math.log2(most * 2));
  const times = new Float64Array(places);
  /** Two words of keys, and the sum of the hashes of their points: accepted, then stored. */
  const masks = new Uint32Array(places * 4);
  const sums = new Uint32Array(places * 2);
  const keys = new Map<string, number>();
  const counts = { accepted: 0, complete: 0, repeats: 0 };
  const faults: string[] = [];
  const fault = (text: string) => void (faults.length < MOST_FAULTS && faults.push(text));

  const placeOf = (ts: number): number => {
    let place = (Math.imul(ts % 0x1_0000_0000, 0x9e37_79b1) >>> 0) & (places - 1);
    while (times[place] !== 0 && times[place] !== ts) place = (place + 1) & (places - 1);
    return place;
  };
  const indexOf = (key: string): number => {
    const known = keys.get(key);
    if (known !== undefined) return known;
    if (keys.size === MOST_KEYS) throw new Error(`more than ${MOST_KEYS} keys: ${key}`);
    keys.set(key, keys.size);
    return keys.size - 1;
  };
  const read = (words: Uint32Array, at: number) => words[at] ?? 0;
  const add = (place: number, side: 0 | 1, index: number, hash: number) => {
    const at = place * 4 + side * 2 + (index >> 5);
    masks[at] = read(masks, at) | (1 << (index & 31));
    sums[place * 2 + side] = read(sums, place * 2 + side) + hash;
  };
  const has = (place: number, side: 0 | 1, index: number) =>
    (read(masks, place * 4 + side * 2 + (index >> 5)) & (1 << (index & 31))) !== 0;
  const isComplete = (place: number) =>
    masks[place * 4] === masks[place * 4 + 2] && masks[place * 4 + 1] === masks[place * 4 + 3];

  return {
    accepted(ts, values) {
      const place = placeOf(ts);
      if (times[place] === ts) return fault(`${ts}: two samples share it`);
      if (counts.accepted === most) throw new Error(`more than ${most} samples`);
      times[place] = ts;
      counts.accepted++;
      for (const [key, value] of Object.entries(values))
        add(place, 0, indexOf(key), hashOf(key, value));
    },
    stored(ts, values) {
      const place = placeOf(ts);
      if (times[place] !== ts) return fault(`${ts}: no such sample was accepted`);
      if (isComplete(place)) counts.repeats++;
      for (const [key, value] of Object.entries(values)) {
        const index = indexOf(key);
        if (!has(place, 0, index)) fault(`${ts}: ${key} was never accepted`);
        else if (!has(place, 1, index)) {
          add(place, 1, index, hashOf(key, value));
          if (!isComplete(place)) continue;
          counts.complete++;
          if (sums[place * 2] !== sums[place * 2 + 1]) fault(`${ts}: another value was stored`);
        }
      }
    },
    counts,
    faults,
  };
}

/** FNV-1a of 32 bits. */
function hashOf(key: string, value: unknown): number {
  const text = `${key}=${JSON.stringify(value)}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
