/** How the pace of a backlog begins: at most twice that of live data. */
const TIMES_LIVE = 2;
const SLOWEST_INTERVAL_MS = 60_000;
const SLOWEST_SHARE = 16;
/** So many messages are no drain: what a short outage left, or a sample that takes several. */
const BURST = 4;
/** A drain that paused this long begins anew. */
const IDLE_MS = 60_000;
const DOUBLE_AFTER_MS = 5_000;
/** So long after a refusal the pace grows by addition. */
const CAREFUL_MS = 60_000;
/** So long after one live data keeps a distance, too; longer where it was refused as soon as it did not. */
const DISTANCE_MS = { first: 60_000, most: 960_000 };
/** In this time it is where it was before the refusal. */
const REGAIN_MS = 30_000;
/** After 5.00, of an interval; a bucket that holds a second's worth is full again by then. Doubled three times while it goes on. */
const HOLD = { share: 0.1, leastMs: 1_000, mostDoublings: 3 };
/** So long after a message of the backlog it may be why live data is refused: of an interval. */
const BLAMED_SHARE = 0.5;
/** Between a message and live data while the server limits the rate: learnt; less where a sample takes many messages. */
const LIVE_SHARE = 0.8; // of an interval, in which a sample is to be gone
const LIVE_GAP = { leastMs: 500, firstMs: 1_000, more: 1.5, less: 0.98 };
/** Between live data and a message of the backlog meanwhile: learnt; half an interval at most. */
const BEHIND_LIVE = { more: 1.5, less: 0.98, most: 0.5 };
/** The CoAP client's own bound for a source port. */
const MOST_PER_SECOND = 200;

/**
 * How fast a backlog leaves, in messages a second: gently at first, for it may be one of ten thousand that a server finds
 * after an outage; doubled while all goes well; halved when the server says 5.00 or is silent, and then regained step by step.
 */
export interface DrainPace {
  /** Milliseconds until one more message of the backlog may leave; 0: now. */
  waitMs(): number;
  /** One leaves; live data does not use up what the backlog may send. */
  take(what: Lane): void;
  delivered(what: Lane): void;
  /** 5.00: nothing at all leaves for a moment, and then slower. `why`: a smaller message is tried next, or the same. */
  limited(what: Lane, why: "size" | "rate"): void;
  /** One was lost among others that arrived. */
  lost(): void;
  /** It is to be left alone for so many milliseconds: then the drain goes on, slower. */
  leftAlone(ms: number): void;
  /** The server is away: the next drain begins anew. */
  ended(): void;
  /** Milliseconds until anything may leave. */
  holdMs(): number;
  /** Milliseconds until live data may leave, where a sample takes so many messages. */
  liveWaitMs(messages: number): number;
  /** The server has lately limited the rate: live data counts, too. */
  readonly isLimited: boolean;
}

export type Lane = "live" | "backlog";

export interface DrainPaceOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly fraction: () => number;
  /** Of live samples. */
  readonly intervalMs: number;
  /** Null: no limit of its own. */
  readonly maxPerSecond: number | null;
}

export function createDrainPace(options: DrainPaceOptions): DrainPace {
  const { now, fraction, intervalMs, maxPerSecond } = options;
  const cap = Math.min(maxPerSecond ?? MOST_PER_SECOND, MOST_PER_SECOND);
  const spanMs = Math.min(intervalMs, SLOWEST_INTERVAL_MS);
  const start = Math.min(cap, (TIMES_LIVE * 1_000) / spanMs);
  /** Where a server limits a whole fleet, twice the live data of each would still be too much. */
  const least = start / SLOWEST_SHARE;
  const firstHoldMs = Math.max(HOLD.leastMs, HOLD.share * spanMs);
  let perSecond = start;
  /** Where it stood before the last refusal. */
  let regained = start;
  /** What really left: the gap between two messages, smoothed. */
  let gapMs = 1_000 / start;
  let liveGapMs = LIVE_GAP.firstMs;
  let leftAtMs = Number.NEGATIVE_INFINITY;
  let tokens = BURST;
  let filledAtMs = Number.NEGATIVE_INFINITY;
  let takenAtMs = Number.NEGATIVE_INFINITY;
  let raisedAtMs = Number.NEGATIVE_INFINITY;
  let limitedAtMs = Number.NEGATIVE_INFINITY;
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let refusals = 0;
  let distanceMs = DISTANCE_MS.first;
  /** When live data last left, and how long after it the backlog leaves while the rate is limited. */
  let liveAtMs = Number.NEGATIVE_INFINITY;
  let behindLiveMs = 0;

  const keepsDistance = () => now() - limitedAtMs < distanceMs;
  const isCareful = () => now() - limitedAtMs < CAREFUL_MS;
  const begin = () => {
    perSecond = start;
    gapMs = 1_000 / start;
    tokens = Math.max(1, Math.min(BURST, cap));
    filledAtMs = now();
    raisedAtMs = now();
  };
  const fill = () => {
    // One that was told to wait for longer has not paused.
    if (now() - takenAtMs > Math.max(IDLE_MS, 2_000 / perSecond) && !isCareful()) begin();
    const most = keepsDistance() ? 1 : Math.max(1, Math.min(BURST, cap));
    tokens = Math.min(most, tokens + ((now() - filledAtMs) / 1_000) * perSecond);
    filledAtMs = now();
  };
  /** What is refused to live data a while after the backlog has sent anything is no matter of the backlog's. */
  const isToBlame = (what: Lane) => what === "backlog" || now() - takenAtMs < BLAMED_SHARE * spanMs;
  const slowDown = (what: Lane) => {
    regained = Math.max(least, Math.min(perSecond, 1_000 / gapMs));
    fill();
    perSecond = Math.max(least, regained / 2);
    // What live data was refused is not taken from the backlog, too, or that would never leave. By chance: a pace that divides
    // the interval would meet the same moment after live data for ever.
    if (what === "backlog") tokens = fraction() - 0.5;
    raisedAtMs = now();
    limitedAtMs = now();
  };

  /** Refused although it kept its distance, or as soon as it did not any more: then the distance was right. */
  const keepMoreDistance = () => {
    if (keepsDistance()) liveGapMs = Math.min(liveGapMs * LIVE_GAP.more, spanMs);
    else if (limitedAtMs > Number.NEGATIVE_INFINITY)
      distanceMs = Math.min(distanceMs * 2, DISTANCE_MS.most);
  };

  /** Refused soon after live data: that may have taken what was left. */
  const keepBehindLive = () => {
    const sinceMs = now() - liveAtMs;
    const mostMs = BEHIND_LIVE.most * spanMs;
    if (sinceMs < mostMs)
      behindLiveMs = Math.min(Math.max(sinceMs, behindLiveMs) * BEHIND_LIVE.more, mostMs);
  };

  const waitMs = () => {
    fill();
    const behindMs = keepsDistance() ? liveAtMs + behindLiveMs - now() : 0;
    const tokenMs = tokens >= 1 ? 0 : ((1 - tokens) / perSecond) * 1_000;
    // Whole milliseconds: a wait that is lost in rounding would be waited for again and again.
    return Math.ceil(Math.max(0, behindMs, tokenMs));
  };

  return {
    waitMs,
    liveWaitMs(messages) {
      if (!keepsDistance()) return 0;
      const gapMs = Math.min(liveGapMs, (LIVE_SHARE * intervalMs) / Math.max(1, messages));
      return Math.ceil(Math.max(0, leftAtMs + gapMs - now()));
    },
    take(what) {
      leftAtMs = now();
      if (what === "live") {
        liveAtMs = now();
        return;
      }
      fill();
      tokens -= 1;
      const gap = Math.min(Math.max(0, now() - takenAtMs), IDLE_MS);
      gapMs += (gap - gapMs) / 8;
      takenAtMs = now();
    },
    delivered(what) {
      refusals = 0;
      if (what === "live") {
        liveGapMs = Math.max(LIVE_GAP.leastMs, liveGapMs * LIVE_GAP.less);
        return;
      }
      behindLiveMs *= BEHIND_LIVE.less;
      const sinceMs = now() - raisedAtMs;
      if (isCareful())
        perSecond += ((regained / 2) * Math.min(sinceMs, DOUBLE_AFTER_MS)) / REGAIN_MS;
      else if (sinceMs < DOUBLE_AFTER_MS) return;
      else perSecond *= 2;
      perSecond = Math.min(perSecond, cap);
      raisedAtMs = now();
    },
    limited(what, why) {
      if (what === "live" && why === "rate") keepMoreDistance();
      if (isToBlame(what)) slowDown(what);
      if (what === "backlog") keepBehindLive();
      limitedAtMs = now();
      const holdMs = firstHoldMs * 2 ** Math.min(refusals++, HOLD.mostDoublings);
      heldUntilMs = now() + Math.round((holdMs * (1 + fraction())) / 2);
    },
    lost: () => slowDown("backlog"),
    leftAlone(ms) {
      slowDown("backlog");
      limitedAtMs = now() + ms;
      takenAtMs = now() + ms;
    },
    ended() {
      begin();
      takenAtMs = Number.NEGATIVE_INFINITY;
      limitedAtMs = Number.NEGATIVE_INFINITY;
      distanceMs = DISTANCE_MS.first;
      heldUntilMs = Number.NEGATIVE_INFINITY;
      refusals = 0;
    },
    holdMs: () => Math.ceil(Math.max(0, heldUntilMs - now())),
    get isLimited() {
      return keepsDistance();
    },
  };
}
