import { CODE, EMPTY, isResponse, type Message } from "./message.ts";

interface Outstanding {
  readonly token: string;
  readonly confirmable: boolean;
  /** The block that it carries, where all blocks of an upload share the token. */
  readonly block1Num?: number | undefined;
}

/** What a message may belong to: `E` is an exchange, `O` an observation. */
export interface Known<E extends Outstanding, O> {
  /** A CON or NON of ours that still waits, by its message ID. */
  outstanding(messageId: number): E | undefined;
  /** A request that still waits, by its token. */
  requested(token: string): E | undefined;
  observed(token: string): O | undefined;
  isRetired(token: string): boolean;
}

export type Verdict<E, O> =
  | { readonly act: "ignore" }
  /** Empty ACK: stop retransmitting, the response comes on its own. */
  | { readonly act: "acknowledged"; readonly exchange: E }
  | { readonly act: "reset"; readonly exchange: E }
  | { readonly act: "respond"; readonly exchange: E }
  | { readonly act: "notify"; readonly observation: O }
  /** A response to something that has ended, or to an earlier block. */
  | { readonly act: "late" }
  /** Nothing that we asked for, or nothing that a client may be sent. */
  | { readonly act: "refuse" };

/** Message ID and token and peer together decide; the channel sees to the peer (RFC 7252 §4.4, §5.3.2). */
export function match<E extends Outstanding, O>(
  message: Message,
  known: Known<E, O>,
): Verdict<E, O> {
  switch (message.type) {
    case "ACK":
      return matchAck(message, known);
    case "RST": {
      const exchange = known.outstanding(message.messageId);
      return exchange === undefined ? { act: "ignore" } : { act: "reset", exchange };
    }
    default:
      return matchToken(message, known);
  }
}

/** An ACK that fits nothing is ignored in silence, never answered with RST (RFC 7252 §4.2). */
function matchAck<E extends Outstanding, O>(message: Message, known: Known<E, O>): Verdict<E, O> {
  const exchange = known.outstanding(message.messageId);
  if (!exchange?.confirmable) return { act: "ignore" };
  if (message.code === EMPTY) return { act: "acknowledged", exchange };
  const fits = isResponse(message.code) && message.token === exchange.token;
  return fits ? { act: "respond", exchange } : { act: "ignore" };
}

/** The message ID of a CON or NON is the peer's own number: it is never looked up among ours. */
function matchToken<E extends Outstanding, O>(message: Message, known: Known<E, O>): Verdict<E, O> {
  if (isResponse(message.code)) {
    const exchange = known.requested(message.token);
    if (exchange !== undefined)
      return isToEarlierBlock(message, exchange) ? { act: "late" } : { act: "respond", exchange };
    const observation = known.observed(message.token);
    if (observation !== undefined) return { act: "notify", observation };
    if (known.isRetired(message.token)) return { act: "late" };
  }
  // An empty CON is a ping, and the RST its answer (RFC 7252 §4.3). A NON is not worth one.
  return { act: message.type === "CON" ? "refuse" : "ignore" };
}

/**
 * A 2.31 for a lower block than the one that waits comes late, or again under another message ID. Any
 * other one breaks the protocol, and whoever sends the blocks says so.
 */
function isToEarlierBlock({ code, options }: Message, { block1Num }: Outstanding): boolean {
  const { block1 } = options;
  if (code !== CODE.continue || block1 === undefined || block1Num === undefined) return false;
  return block1.num < block1Num;
}
