import type { Clock } from "../ports.ts";
import { CoapError } from "./coap-error.ts";
import { decode } from "./decode.ts";
import type { Exchange } from "./exchange.ts";
import { match, type Verdict } from "./match.ts";
import { isObserved, type Message } from "./message.ts";
import { createRecentMessages, type Reaction } from "./recent-messages.ts";
import type { Counters } from "./stats.ts";
import type { Observer, Tables } from "./tables.ts";

export interface Inbound {
  /** One datagram of the peer. Never throws; ACK and RST have left when it returns. */
  received(datagram: Uint8Array): void;
  readonly deduplicatedCount: number;
}

export interface InboundDeps {
  readonly clock: Clock;
  readonly peer: string;
  readonly tables: Tables;
  readonly counters: Counters;
  readonly maxDeduplicated: number;
  sendEmpty(type: "ACK" | "RST", messageId: number): void;
}

export function createInbound(deps: InboundDeps): Inbound {
  const { clock, peer, tables, counters, sendEmpty } = deps;
  const recent = createRecentMessages(clock, deps.maxDeduplicated);

  const react = (reaction: Reaction, messageId: number) => {
    if (reaction === "ack") sendEmpty("ACK", messageId);
    if (reaction === "reset") sendEmpty("RST", messageId);
  };

  const act = (verdict: Verdict<Exchange, Observer>, message: Message) => {
    switch (verdict.act) {
      case "ignore":
        counters.ignored++;
        return;
      case "late":
        counters.late++;
        return;
      case "refuse":
        return;
      case "acknowledged":
        return acknowledge(verdict.exchange, message);
      case "reset":
        return reset(verdict.exchange, message, peer);
      case "respond":
        return respond(verdict.exchange, message);
      case "notify":
        return notify(verdict.observation, message);
    }
  };

  const respond = (exchange: Exchange, message: Message) => {
    if (message.objection !== undefined) {
      exchange.end({ kind: "failed", error: objectionTo(message.objection, peer) });
      return;
    }
    if (isObserved(message)) tables.promote(exchange);
    exchange.end({ kind: "answered", message });
  };

  const notify = (observer: Observer, message: Message) => {
    if (message.objection === undefined) return observer(message);
    // Our RST has cancelled the observation on the server.
    tables.retire(message.token);
    observer(objectionTo(message.objection, peer));
  };

  return {
    received(datagram) {
      counters.received++;
      const decoded = decode(datagram);
      if (!decoded.ok) {
        counters.malformed++;
        if (decoded.resetId !== undefined) sendEmpty("RST", decoded.resetId);
        return;
      }
      const { message } = decoded;
      const { messageId, type } = message;
      if (type === "ACK" || type === "RST") return act(match(message, tables), message);

      const before = recent.reactionTo(messageId, datagram);
      if (before !== undefined) {
        counters.duplicates++;
        return react(before, messageId);
      }
      const verdict = match(message, tables);
      const reaction = reactionTo(message, verdict);
      if (isJudgedOnce(message, verdict))
        recent.remember(messageId, datagram, reaction, type === "CON");
      // First of all the ACK: while it is missing, Californium overwrites the notification that waits.
      react(reaction, messageId);
      act(verdict, message);
    },
    get deduplicatedCount() {
      return recent.size();
    },
  };
}

/** An empty ACK to a ping shows as much life as the RST that it should be (RFC 7252 §4.3). */
function acknowledge(exchange: Exchange, message: Message): void {
  if (exchange.token === "") exchange.end({ kind: "answered", message });
  else exchange.acknowledged();
}

function reset(exchange: Exchange, message: Message, peer: string): void {
  const text = `${peer} answered with a reset: it does not know this exchange`;
  if (exchange.token === "") exchange.end({ kind: "answered", message });
  else exchange.end({ kind: "failed", error: new CoapError("reset", text) });
}

function reactionTo(message: Message, { act }: Verdict<Exchange, Observer>): Reaction {
  if (message.type !== "CON") return "none";
  if (act === "late") return "ack";
  // RFC 7252 §5.4.1: a response with a critical option that we do not know is rejected.
  return act === "refuse" || message.objection !== undefined ? "reset" : "ack";
}

/**
 * Whether a copy would meet with something else than this one did. The copy of an answer finds its token
 * retired, and one of nothing of ours is nothing of ours again: they need no memory, and fill none.
 */
function isJudgedOnce(message: Message, { act }: Verdict<Exchange, Observer>): boolean {
  switch (act) {
    case "notify":
      return true;
    case "respond":
      // Refused here, or the token of an observation from now on.
      return message.objection !== undefined || isObserved(message);
    case "late":
      // A token is forgotten one day, and its CON may be repeated after that.
      return message.type === "CON";
    default:
      return false;
  }
}

const objectionTo = (objection: string, peer: string) =>
  new CoapError("rejected", `the answer of ${peer} cannot be used: ${objection}`);
