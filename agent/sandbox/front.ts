import type { Clock } from "../ports.ts";
import type { About, Outcome } from "./answer.ts";
import type { Chance } from "./chance.ts";
import { createConfirmables } from "./confirmables.ts";
import type { Counters } from "./counters.ts";
import { createExchanges, type Exchange } from "./exchanges.ts";
import type { FaultSwitches } from "./faults.ts";
import type { Delivery, Notification, Relation } from "./observations.ts";
import type { Peer } from "./peer.ts";
import type { Times } from "./times.ts";
import { decode, emptyMessage, encode, type Message, type MessageType } from "./wire.ts";

/** A request with its answer, ready to be given a type and a message ID. */
export interface Evaluated {
  readonly outcome: Outcome;
  /** Null when there is nothing to send. */
  readonly response: Message | null;
  readonly about: About;
}

export interface FrontDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly times: Times;
  readonly faults: FaultSwitches;
  readonly counters: Counters;
  send(datagram: Uint8Array, peer: Peer): void;
  evaluate(request: Message, peer: Peer): Evaluated;
  /** A notification, but for its type, token and message ID. */
  render(relation: Relation, notification: Notification): Message;
  /** Requests remembered at once, so that a repetition is told. */
  readonly mostExchanges: number;
  /** A confirmable message of ours to this peer was given up. */
  timedOut(peer: Peer): void;
  /** A request was worked on, or came again. */
  served(exchange: Exchange, code: string, about: About | null): void;
}

const MOST_UNCONFIRMED = 1_024;

const isRequest = ({ code }: Message) => code.startsWith("0.");

/** CoAP's message layer as ThingsBoard's stack does it: types, message IDs, ACK, RST, repetition. */
export function createFront(deps: FrontDeps) {
  const { clock, times, faults, counters, chance, send } = deps;
  const exchanges = createExchanges(clock, {
    lifetimeMs: times.exchangeLifetimeMs,
    mostExchanges: deps.mostExchanges,
  });
  const confirmables = createConfirmables({
    clock,
    chance,
    ackTimeoutMs: times.ackTimeoutMs,
    send,
    retransmitted: () => void counters.retransmissions++,
    timedOut(peer) {
      counters.timeouts++;
      deps.timedOut(peer);
    },
  });
  let nextMessageId = Math.floor(chance.fraction() * 65_536);
  const freshMessageId = () => (nextMessageId = (nextMessageId + 1) & 0xffff);
  /** Non-confirmable notifications of late, so that a RST finds its observation. */
  const unconfirmed = new Map<string, (delivery: Delivery) => void>();
  const keyOf = (peer: Peer, messageId: number) => `${peer.key} ${messageId}`;

  return {
    received(datagram: Uint8Array, peer: Peer): void {
      const decoded = decode(datagram);
      if (decoded.kind !== "message") {
        counters.malformed++;
        if (decoded.kind === "malformed" && decoded.confirmable) reset(peer, decoded.messageId);
        return;
      }
      const { message } = decoded;
      const { type, messageId } = message;
      if (type === "ACK") confirmables.acknowledged(peer, messageId);
      else if (type === "RST") rejected(peer, messageId);
      else if (isRequest(message) && message.code !== "0.00") requested(message, peer);
      // RFC 7252 §4.2, §4.3: an empty confirmable message is a ping; a response nobody waits for is rejected.
      else if (type === "CON") {
        counters.pings++;
        reset(peer, messageId);
      }
    },

    /** A fault swallowed this datagram; a request in it still counts as sent. */
    lost(datagram: Uint8Array, peer: Peer): void {
      const decoded = decode(datagram);
      if (decoded.kind === "message" && isRequest(decoded.message)) {
        exchanges.lost(peer, decoded.message.messageId);
      }
    },

    notify(
      relation: Relation,
      notification: Notification,
      settled: (delivery: Delivery) => void,
    ): void {
      counters.notifications++;
      const rendered = deps.render(relation, notification);
      const message = { ...rendered, token: relation.request.token };
      const { peer } = relation;
      if (relation.confirmable) {
        send(confirmable(message, peer, settled), peer);
        return;
      }
      const messageId = freshMessageId();
      unconfirmed.set(keyOf(peer, messageId), settled);
      const [oldest] = unconfirmed.keys();
      if (unconfirmed.size > MOST_UNCONFIRMED && oldest) unconfirmed.delete(oldest);
      send(encode({ ...message, type: "NON", messageId }), peer);
    },

    /** A restart: nothing that was heard or said before is known any more. */
    forget(): void {
      exchanges.forget();
      confirmables.forget();
      unconfirmed.clear();
    },
  };

  function reset(peer: Peer, messageId: number) {
    send(emptyMessage("RST", messageId), peer);
  }

  function rejected(peer: Peer, messageId: number) {
    if (!confirmables.reset(peer, messageId)) unconfirmed.get(keyOf(peer, messageId))?.("reset");
  }

  function requested(request: Message, peer: Peer) {
    const known = exchanges.find(peer, request.messageId);
    if (known) return repeated(known);
    if (faults.take("resetNext")) return reset(peer, request.messageId);
    const exchange = exchanges.begin(peer, request);
    counters.requests++;
    if (request.type === "CON") armEmptyAck(exchange);
    const { outcome, about, response } = deps.evaluate(request, peer);
    const code = outcome === "silent" ? "none" : outcome.code;
    counters.answers[code] = (counters.answers[code] ?? 0) + 1;
    if (outcome === "silent") counters.silent++;
    deps.served(exchange, code, about);
    if (outcome === "silent" || response === null) return;

    const provisioned = about.feature === "provision" && code === "2.01";
    if (provisioned && faults.take("dropProvisionAnswers")) {
      disarmEmptyAck(exchange);
      exchange.answer = { kind: "muted" };
      return;
    }
    const answer = () => {
      transmit(exchange, response, outcome.explicit ?? false);
      outcome.after?.();
    };
    const lateMs = about.feature === "provision" ? faults.now().lateProvisionAnswerMs : 0;
    const slowMs = faults.now().answerStyle === "slow" ? times.piggybackMs + 1 : 0;
    const delayMs = Math.max(outcome.delayMs ?? 0, lateMs, slowMs);
    if (delayMs > 0) clock.after(delayMs, answer);
    else answer();
  }

  function armEmptyAck(exchange: Exchange) {
    exchange.ackTimer = clock.after(times.piggybackMs, () => {
      exchange.emptyAckSent = true;
      send(emptyMessage("ACK", exchange.request.messageId), exchange.peer);
    });
  }

  function disarmEmptyAck(exchange: Exchange) {
    exchange.ackTimer?.[Symbol.dispose]();
    exchange.ackTimer = null;
  }

  function transmit(exchange: Exchange, response: Message, explicit: boolean) {
    const { request, peer, emptyAckSent } = exchange;
    disarmEmptyAck(exchange);
    const message = { ...response, token: request.token };
    const typed = (type: MessageType, messageId: number) => encode({ ...message, type, messageId });
    if (request.type === "NON") {
      const datagram = typed("NON", freshMessageId());
      exchange.answer = { kind: "NON", datagram };
      return sendAnswer(datagram, peer);
    }
    const separate = explicit && faults.now().answerStyle !== "piggybacked";
    if (!emptyAckSent && !separate) {
      const datagram = typed("ACK", request.messageId);
      exchange.answer = { kind: "piggybacked", datagram };
      return sendAnswer(datagram, peer);
    }
    // RFC 7252 §5.2.2: the confirmable response itself confirms the request.
    const datagram = confirmable(message, peer, () => {
      if (exchange.answer.kind === "CON") exchange.answer.delivered = true;
    });
    exchange.answer = { kind: "CON", datagram, delivered: false };
    sendAnswer(datagram, peer);
  }

  /** A message of ours that is sent again until it is acknowledged. */
  function confirmable(message: Message, peer: Peer, settled: (delivery: Delivery) => void) {
    const messageId = freshMessageId();
    const datagram = encode({ ...message, type: "CON", messageId });
    confirmables.track(datagram, messageId, peer, settled);
    return datagram;
  }

  function sendAnswer(datagram: Uint8Array, peer: Peer) {
    if (!faults.take("dropAnswers")) send(datagram, peer);
  }

  /** RFC 7252 §4.5: the same message again is answered the same way again, and not carried out. */
  function repeated(exchange: Exchange) {
    exchange.sends++;
    counters.repeats++;
    deps.served(exchange, "", null);
    const { answer, request, peer } = exchange;
    const acknowledge = () => send(emptyMessage("ACK", request.messageId), peer);
    switch (answer.kind) {
      case "muted":
        return;
      case "none":
        if (exchange.emptyAckSent) acknowledge();
        return;
      case "piggybacked":
      case "NON":
        return sendAnswer(answer.datagram, peer);
      case "CON":
        acknowledge();
        if (!answer.delivered) sendAnswer(answer.datagram, peer);
    }
  }
}
