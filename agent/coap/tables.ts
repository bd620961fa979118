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
  /** Registrations that wait for their answer. */
  readonly registeringCount: number;
  readonly retiredCount: number;
}

/** Of observations: more registrations than this within 247 s would be a fault of their own. */
const MAX_REPLACED = 1_024;

export function createTables(clock: Clock, maxFinished: number): Tables {
  const finished = createRetiredTokens(clock, maxFinished);
  /** Apart, so that no number of requests pushes them out: a RST would end what is still observed. */
  const replaced = createRetiredTokens(clock, MAX_REPLACED);
  const byMessageId = new Map<number, Exchange>();
  const byToken = new Map<string, Exchange>();
  const candidates = new Map<string, Observer>();
  const observations = new Map<string, Observer>();

  const retire = (token: string) => {
    if (observations.delete(token)) replaced.add(token);
  };

  return {
    outstanding: (messageId) => byMessageId.get(messageId),
    requested: (token) => byToken.get(token),
    observed: (token) => observations.get(token),
    isRetired: (token) => replaced.has(token) || finished.has(token),

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
      const wasRegistration = candidates.delete(token);
      if (token === "" || observations.has(token)) return;
      // The server may observe all the same: of a registration, the answer alone may have got lost.
      if (wasRegistration) replaced.add(token);
      // Between two blocks their token is retired as well. Whoever waits for it comes first.
      else finished.add(token);
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
    get registeringCount() {
      return candidates.size;
    },
    get retiredCount() {
      return finished.size() + replaced.size();
    },
  };
}
