/** What the sandbox has seen since it started; part of its state. */
export interface Counters {
  datagramsIn: number;
  datagramsOut: number;
  /** Longer than 2048 bytes. */
  oversized: number;
  lostByFault: number;
  socketErrors: number;
  /** Handshakes that did not succeed, and sessions that broke. */
  dtlsFailures: number;
  malformed: number;
  pings: number;
  /** Different requests: a retransmission is the same one again. */
  requests: number;
  /** Arrivals of a request that was there before. */
  repeats: number;
  /** Requests that ThingsBoard never answers. */
  silent: number;
  /** Messages lost after their 2.01: a key that storage does not take, or more keys than a device may have. */
  dropped: number;
  notifications: number;
  /** Confirmable messages of ours sent again. */
  retransmissions: number;
  /** Confirmable messages of ours given up. */
  timeouts: number;
  /** Requests by the code of their answer. */
  readonly answers: Record<string, number>;
}

export const newCounters = (): Counters => ({
  datagramsIn: 0,
  datagramsOut: 0,
  oversized: 0,
  lostByFault: 0,
  socketErrors: 0,
  dtlsFailures: 0,
  malformed: 0,
  pings: 0,
  requests: 0,
  repeats: 0,
  silent: 0,
  dropped: 0,
  notifications: 0,
  retransmissions: 0,
  timeouts: 0,
  answers: {},
});
