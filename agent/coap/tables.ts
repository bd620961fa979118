import type { Clock } from "../ports.ts";
import type { CoapError } from "./coap-error.ts";
import type { Exchange } from "./exchange.ts";
import type { Known } from "./match.ts";
import type { Message } from "./message.ts";
import { createRetiredTokens } from "./retired-tokens.ts";

/** What comes on the token of an observation: a notification, or an error after which it is gone. */
export type Observer = (event: Message | CoapError) => void;

/** Whatever a datagram of the peer may belong to; all of it bounded by what we ask. */
export interface Tables extends Known<Exchange, Observer> {
  add(exchange: Exchange, observer?: Observer): void;
  /** The response established an observation: its token lives on after the exchange. */
  promote(exchange: Exchange): void;
  remove(exchange: Exchange): void;
  retire(token: string): void;
  retireAll(): void;
  exchanges(): Exchange[];
  readonly outstandingCount: number;
  readonly observedCount: number;
  readonly retiredCount: number;
}

export function createTables(clock: Clock, maxRetiredTokens: number): Tables {
  const retired = createRetiredTokens(clock, maxRetiredTokens);
  const byMessageId = new Map<number, Exchange>();
  const byToken = new Map<string, Exchange>();
  const candidates = new Map<string, Observer>();
  const observations = new Map<string, Observer>();

  const retire = (token: string) => {
    if (observations.delete(token)) retired.add(token);
  };

  return {
    outstanding: (messageId) => byMessageId.get(messageId),
    requested: (token) => byToken.get(token),
    observed: (token) => observations.get(token),
    isRetired: (token) => retired.has(token),

    add(exchange, observer) {
      byMessageId.set(exchange.messageId, exchange);
      if (exchange.token === "") return;
      byToken.set(exchange.token, exchange);
      if (observer) candidates.set(exchange.token, observer);
    },
    promote({ token }) {
      const observer = candidates.get(token);
      if (observer) observations.set(token, observer);
    },
    remove({ messageId, token }) {
      byMessageId.delete(messageId);
      byToken.delete(token);
      candidates.delete(token);
      if (token !== "" && !observations.has(token)) retired.add(token);
    },
    retire,
    retireAll() {
      for (const token of [...observations.keys()]) retire(token);
    },
    exchanges: () => [...byMessageId.values()],
    get outstandingCount() {
      return byMessageId.size;
    },
    get observedCount() {
      return observations.size;
    },
    get retiredCount() {
      return retired.size();
    },
  };
}
