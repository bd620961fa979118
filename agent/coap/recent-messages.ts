import type { Clock } from "../ports.ts";
import { EXCHANGE_LIFETIME_MS, NON_LIFETIME_MS } from "./settings.ts";

export type Reaction = "ack" | "reset" | "none";

export interface RecentMessages {
  /** What was done when this datagram came first; undefined for a new one. */
  reactionTo(messageId: number, datagram: Uint8Array): Reaction | undefined;
  remember(messageId: number, datagram: Uint8Array, reaction: Reaction, confirmable: boolean): void;
  size(): number;
}

/**
 * Incoming CON and NON of one peer that must be known again, for RFC 7252 §4.5. ThingsBoard draws message IDs at random, so two
 * notifications may share one within 247 s: a digest of the whole datagram tells them from a repetition.
 */
export function createRecentMessages(clock: Clock, capacity: number): RecentMessages {
  const seen = new Map<number, { readonly expiresAt: number; readonly reaction: Reaction }>();
  const keyOf = (messageId: number, datagram: Uint8Array) => messageId * 2 ** 32 + digest(datagram);

  const forgetExpired = () => {
    const now = clock.monotonic();
    for (const [key, entry] of seen) if (entry.expiresAt <= now) seen.delete(key);
  };

  return {
    reactionTo(messageId, datagram) {
      const entry = seen.get(keyOf(messageId, datagram));
      return entry && entry.expiresAt > clock.monotonic() ? entry.reaction : undefined;
    },
    remember(messageId, datagram, reaction, confirmable) {
      const key = keyOf(messageId, datagram);
      seen.delete(key);
      for (const oldest of seen.keys()) {
        if (seen.size < capacity) break;
        seen.delete(oldest);
      }
      const lifetimeMs = confirmable ? EXCHANGE_LIFETIME_MS : NON_LIFETIME_MS;
      seen.set(key, { expiresAt: clock.monotonic() + lifetimeMs, reaction });
    },
    size() {
      forgetExpired();
      return seen.size;
    },
  };
}

/** FNV-1a, 32 bits. It tells accidents apart, not attacks: the token does that. */
export function digest(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
