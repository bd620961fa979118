import type { Clock } from "../ports.ts";
import type { Peer } from "./peer.ts";
import type { Message } from "./wire.ts";

/** What has to be known of a request to answer it, and to answer it again: not what it carried. */
export type Asked = Pick<Message, "type" | "code" | "messageId" | "token">;

/** A request and how it was answered, for as long as its message ID is valid. */
export interface Exchange {
  readonly peer: Peer;
  readonly request: Asked;
  readonly startedAt: number;
  /** Arrivals so far. */
  sends: number;
  /** The empty ACK that comes after 500 ms without an answer. */
  ackTimer: Disposable | null;
  emptyAckSent: boolean;
  answer:
    | { readonly kind: "none" }
    /** A fault keeps the server quiet about it. */
    | { readonly kind: "muted" }
    | { readonly kind: "piggybacked" | "NON"; readonly datagram: Uint8Array }
    | { readonly kind: "CON"; readonly datagram: Uint8Array; delivered: boolean };
}

const MOST_LOST = 1_024;

export interface ExchangeLimits {
  readonly lifetimeMs: number;
  /** Kept at once; the oldest are forgotten first. */
  readonly mostExchanges: number;
}

/** Remembers requests by peer and message ID (RFC 7252 §4.5), within bounds. */
export function createExchanges(clock: Clock, { lifetimeMs, mostExchanges }: ExchangeLimits) {
  const exchanges = new Map<string, Exchange>();
  /** Arrivals of requests that a fault swallowed before they could begin. */
  const lost = new Map<string, number>();
  const keyOf = (peer: Peer, messageId: number) => `${peer.key} ${messageId}`;

  const expire = () => {
    for (const [key, { startedAt }] of exchanges) {
      const old = clock.monotonic() - startedAt > lifetimeMs;
      if (!old && exchanges.size <= mostExchanges) return;
      exchanges.delete(key);
    }
  };

  return {
    find(peer: Peer, messageId: number): Exchange | undefined {
      expire();
      return exchanges.get(keyOf(peer, messageId));
    },
    begin(peer: Peer, { type, code, messageId, token }: Message): Exchange {
      const key = keyOf(peer, messageId);
      const exchange: Exchange = {
        peer,
        request: { type, code, messageId, token },
        startedAt: clock.monotonic(),
        sends: 1 + (lost.get(key) ?? 0),
        ackTimer: null,
        emptyAckSent: false,
        answer: { kind: "none" },
      };
      lost.delete(key);
      exchanges.set(key, exchange);
      return exchange;
    },
    lost(peer: Peer, messageId: number): void {
      const key = keyOf(peer, messageId);
      const known = exchanges.get(key);
      if (known) known.sends++;
      else lost.set(key, (lost.get(key) ?? 0) + 1);
      const [oldest] = lost.keys();
      if (lost.size > MOST_LOST && oldest !== undefined) lost.delete(oldest);
    },
    forget() {
      for (const { ackTimer } of exchanges.values()) ackTimer?.[Symbol.dispose]();
      exchanges.clear();
      lost.clear();
    },
  };
}
