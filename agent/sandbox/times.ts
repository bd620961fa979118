/** Times of ThingsBoard and its CoAP stack; tests shorten them. All in milliseconds. */
export interface Times {
  /** An empty ACK goes out after this without an answer (transport.coap.piggyback_timeout). */
  readonly piggybackMs: number;
  /** The transport waits this long for the core, then answers 5.00. */
  readonly coreTimeoutMs: number;
  /** RFC 7252 §4.8; the first wait is this times 1 to 1.5, each next one twice the former. */
  readonly ackTimeoutMs: number;
  /** How long a message ID is remembered (RFC 7252 §4.8.2). */
  readonly exchangeLifetimeMs: number;
  /** A server-side RPC without a reply. */
  readonly rpcTimeoutMs: number;
}

export const thingsBoardTimes: Times = {
  piggybackMs: 500,
  coreTimeoutMs: 10_000,
  ackTimeoutMs: 2_000,
  exchangeLifetimeMs: 247_000,
  rpcTimeoutMs: 10_000,
};

/** Of what a person may ask for: longer than any demonstration, shorter than the longest timer. */
export const LONGEST_MS = 86_400_000;

export const ACK_RANDOM_FACTOR = 1.5;
export const MAX_RETRANSMIT = 4;
