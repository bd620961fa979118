/** So long after a refusal it is kept; longer where live data is refused again before twice that time has passed. */
const KEPT_MS = { first: 60_000, most: 960_000 };
/** Between a message and live data; less where a sample takes many messages. */
const BEFORE_LIVE = { leastMs: 500, firstMs: 1_000, more: 1.5, less: 0.98 };
/** Of an interval, in which all of a sample is to be gone. */
const LIVE_SHARE = 0.8;
/** Between live data and a message of the backlog; half an interval at most. */
const BEHIND_LIVE = { more: 1.5, less: 0.98, most: 0.5 };

export type Lane = "live" | "backlog";

/**
 * While the server limits the rate, live data and the backlog draw on one bucket. A distance between them, learnt from what is
 * refused, leaves enough in it for live data first, and then for the backlog.
 */
export interface LiveDistance {
  /** The server has lately limited the rate. */
  readonly isKept: boolean;
  /** When it did so last. Milliseconds, monotonic; before all time: never; later than now: it wants to be left alone until then. */
  readonly limitedAtMs: number;
  left(what: Lane): void;
  delivered(what: Lane): void;
  /** 5.00; `why` as in `DrainPace.limited`. */
  refused(what: Lane, why: "size" | "rate"): void;
  /** The rate is limited from then on. Milliseconds, monotonic. */
  keepFrom(ms: number): void;
  /** The server is away. */
  ended(): void;
  /** Milliseconds until live data may leave, where a sample takes so many messages. */
  liveWaitMs(messages: number): number;
  /** Milliseconds until the backlog may leave, as far as live data is concerned. */
  backlogWaitMs(): number;
}

export interface LiveDistanceOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Of live samples. */
  readonly intervalMs: number;
  /** The same, as far as a distance may grow with it. */
  readonly spanMs: number;
}

export function createLiveDistance({ now, intervalMs, spanMs }: LiveDistanceOptions): LiveDistance {
  const mostBehindMs = BEHIND_LIVE.most * spanMs;
  let limitedAtMs = Number.NEGATIVE_INFINITY;
  let keptMs = KEPT_MS.first;
  let beforeLiveMs = BEFORE_LIVE.firstMs;
  let behindLiveMs = 0;
  let leftAtMs = Number.NEGATIVE_INFINITY;
  let liveAtMs = Number.NEGATIVE_INFINITY;

  const isKept = () => now() - limitedAtMs < keptMs;

  return {
    get isKept() {
      return isKept();
    },
    get limitedAtMs() {
      return limitedAtMs;
    },
    left(what) {
      leftAtMs = now();
      if (what === "live") liveAtMs = now();
    },
    delivered(what) {
      if (what === "backlog") behindLiveMs *= BEHIND_LIVE.less;
      else beforeLiveMs = Math.max(BEFORE_LIVE.leastMs, beforeLiveMs * BEFORE_LIVE.less);
    },
    refused(what, why) {
      const sinceLiveMs = now() - liveAtMs;
      if (what === "backlog") {
        // Soon after live data, which may have taken what was left.
        if (sinceLiveMs < mostBehindMs) {
          const furtherMs = Math.max(sinceLiveMs, behindLiveMs) * BEHIND_LIVE.more;
          behindLiveMs = Math.min(furtherMs, mostBehindMs);
        }
      } else if (why === "rate") {
        if (isKept()) beforeLiveMs = Math.min(beforeLiveMs * BEFORE_LIVE.more, spanMs);
        else if (now() - limitedAtMs < 2 * keptMs) keptMs = Math.min(keptMs * 2, KEPT_MS.most);
        else keptMs = KEPT_MS.first;
      }
      limitedAtMs = now();
    },
    keepFrom(ms) {
      limitedAtMs = ms;
    },
    ended() {
      limitedAtMs = Number.NEGATIVE_INFINITY;
      keptMs = KEPT_MS.first;
    },
    liveWaitMs(messages) {
      if (!isKept()) return 0;
      const gapMs = Math.min(beforeLiveMs, (LIVE_SHARE * intervalMs) / Math.max(1, messages));
      return Math.max(0, leftAtMs + gapMs - now());
    },
    backlogWaitMs: () => (isKept() ? Math.max(0, liveAtMs + behindLiveMs - now()) : 0),
  };
}
