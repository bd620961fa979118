import type { Clock } from "../ports.ts";
import { EXCHANGE_LIFETIME_MS } from "./settings.ts";

export interface RetiredTokens {
  /** A token of 8 bytes in hexadecimal. Added again, it takes a second place and lives on from now. */
  add(token: string): void;
  has(token: string): boolean;
  size(): number;
}

const FIRST_PLACES = 64;
const TOKEN_DIGITS = 16;

/**
 * Tokens that have come to their end. A late CON for one of them gets an ACK; a RST would make
 * ThingsBoard's Californium cancel what is still observed.
 *
 * A ring, oldest first: every token stays equally long. It grows as it fills and takes 16 bytes for each
 * token: 800 kB for the 49 400 of 247 s at 200 messages a second, 1 kB for a device that reports now and then.
 */
export function createRetiredTokens(clock: Clock, capacity: number): RetiredTokens {
  let ring = ringOf(Math.min(FIRST_PLACES, capacity));
  let oldest = 0;
  let count = 0;

  const forgetExpired = () => {
    const now = clock.monotonic();
    while (count > 0 && (ring.expiresAt[oldest] ?? 0) <= now) dropOldest();
    if (count === 0 && ring.places > FIRST_PLACES) ring = ringOf(FIRST_PLACES);
    if (count === 0) oldest = 0;
  };
  const dropOldest = () => {
    oldest = (oldest + 1) % ring.places;
    count--;
  };
  const grow = () => {
    const larger = ringOf(Math.min(2 * ring.places, capacity));
    for (let index = 0; index < count; index++) {
      const from = (oldest + index) % ring.places;
      larger.put(index, ring.heads[from] ?? 0, ring.tails[from] ?? 0, ring.expiresAt[from] ?? 0);
    }
    ring = larger;
    oldest = 0;
  };

  return {
    add(token) {
      forgetExpired();
      if (count === ring.places) {
        if (count < capacity) grow();
        else dropOldest();
      }
      const place = (oldest + count) % ring.places;
      ring.put(place, headOf(token), tailOf(token), clock.monotonic() + EXCHANGE_LIFETIME_MS);
      count++;
    },
    has(token) {
      if (token.length !== TOKEN_DIGITS) return false;
      const now = clock.monotonic();
      const [head, tail] = [headOf(token), tailOf(token)];
      // One native scan, 40 µs when full on a small machine, and only for a token that nobody waits for.
      let place = ring.heads.indexOf(head);
      while (place >= 0) {
        if (ring.tails[place] === tail && (ring.expiresAt[place] ?? 0) > now) return true;
        place = ring.heads.indexOf(head, place + 1);
      }
      return false;
    },
    size() {
      forgetExpired();
      return count;
    },
  };
}

const headOf = (token: string): number => Number.parseInt(token.slice(0, 8), 16);
const tailOf = (token: string): number => Number.parseInt(token.slice(8), 16);

function ringOf(places: number) {
  const heads = new Uint32Array(places);
  const tails = new Uint32Array(places);
  const expiresAt = new Float64Array(places).fill(Number.NEGATIVE_INFINITY);
  return {
    places,
    heads,
    tails,
    expiresAt,
    put(place: number, head: number, tail: number, expiry: number) {
      heads[place] = head;
      tails[place] = tail;
      expiresAt[place] = expiry;
    },
  };
}
