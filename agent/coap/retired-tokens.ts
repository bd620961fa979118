import type { Clock } from "../ports.ts";
import { EXCHANGE_LIFETIME_MS } from "./settings.ts";

export interface RetiredTokens {
  add(token: string): void;
  has(token: string): boolean;
  size(): number;
}

/**
 * Tokens of finished requests and replaced observations. A late CON for one of them gets an ACK; a RST
 * would make ThingsBoard's Californium cancel what is still observed.
 */
export function createRetiredTokens(clock: Clock, capacity: number): RetiredTokens {
  /** Oldest first: every token stays equally long, so insertion order is expiry order. */
  const expiresAt = new Map<string, number>();

  const forget = (atMost: number) => {
    const now = clock.monotonic();
    for (const [token, expiry] of expiresAt) {
      if (expiry > now && expiresAt.size <= atMost) break;
      expiresAt.delete(token);
    }
  };

  return {
    add(token) {
      expiresAt.delete(token);
      forget(capacity - 1);
      expiresAt.set(token, clock.monotonic() + EXCHANGE_LIFETIME_MS);
    },
    has(token) {
      const expiry = expiresAt.get(token);
      return expiry !== undefined && expiry > clock.monotonic();
    },
    size() {
      forget(capacity);
      return expiresAt.size;
    },
  };
}
