/** Counters since the client was made, and how much it holds now. */
export interface CoapStats {
  /** Requests and pings sent and not answered. */
  readonly outstanding: number;
  /** Waiting for their turn, or for a word of a silent peer. */
  readonly queued: number;
  readonly observations: number;
  /** Observations asked for and not answered. */
  readonly registering: number;
  readonly deduplicated: number;
  readonly retiredTokens: number;
  /** Requests, blocks and pings, each counted once. */
  readonly sent: number;
  readonly retransmissions: number;
  readonly received: number;
  readonly malformed: number;
  /** Well-formed, but to nothing of ours: foreign ACK and RST, unknown NON. */
  readonly ignored: number;
  readonly duplicates: number;
  /** Acknowledged and dropped: the request had ended before, or its block was answered. */
  readonly late: number;
  readonly acksSent: number;
  readonly resetsSent: number;
  readonly timeouts: number;
  /** Sockets opened so far. */
  readonly socketGenerations: number;
  /** Of the newest exchange that needed no retransmission. Null before the first. */
  readonly lastRoundTripMs: number | null;
}

export type TableSizes = Pick<
  CoapStats,
  "outstanding" | "observations" | "registering" | "deduplicated" | "retiredTokens"
>;

export type Counters = {
  -readonly [Name in Exclude<keyof CoapStats, keyof TableSizes | "queued">]: CoapStats[Name];
};

export const newCounters = (): Counters => ({
  sent: 0,
  retransmissions: 0,
  received: 0,
  malformed: 0,
  ignored: 0,
  duplicates: 0,
  late: 0,
  acksSent: 0,
  resetsSent: 0,
  timeouts: 0,
  socketGenerations: 0,
  lastRoundTripMs: null,
});
