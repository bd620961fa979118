import { createLiveDistance, type Lane } from "./live-distance.ts";

/** How the pace of a backlog begins: at most twice that of live data. */
const TIMES_LIVE = 2;
const SLOWEST_INTERVAL_MS = 60_000;
const SLOWEST_SHARE = 16;
/** So many messages are no drain: what a short outage left, or a sample that takes several. */
const BURST = 4;
/** What leaves while the server has not shown yet that it is there does not wait for its turn; it is not paid for later either. */
const MOST_DEBT = -1;
/** A drain that paused this long begins anew. */
const IDLE_MS = 60_000;
const DOUBLE_AFTER_MS = 5_000;
/** So long after a refusal the pace grows by addition. */
const CAREFUL_MS = 60_000;
/** In this time it is where it was before the refusal. */
const REGAIN_MS = 30_000;
/** After 5.00, of an interval; a bucket that holds a second's worth is full again by then. Doubled three times while it goes on. */
const HOLD = { share: 0.1, leastMs: 1_000, mostDoublings: 3 };
/** So long after a message of the backlog it may be why live data is refused: of an interval. */
const BLAMED_SHARE = 0.5;
/** The CoAP client's own bound for a source port. */
export const MOST_PER_SECOND = 200;

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
  const distance = createLiveDistance({ now, intervalMs, spanMs });
  let perSecond = start;
  /** Where it stood before the last refusal. */
  let regained = start;
  /** What really left: the gap between two messages, smoothed; and when the last did. Null: a drain begins, a pause is no gap. */
  let gapMs = 1_000 / start;
  let gapFromMs: number | null = null;
  let tokens = BURST;
  let filledAtMs = Number.NEGATIVE_INFINITY;
  let takenAtMs = Number.NEGATIVE_INFINITY;
  let raisedAtMs = Number.NEGATIVE_INFINITY;
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let refusals = 0;

  const isCareful = () => now() - distance.limitedAtMs < CAREFUL_MS;
  const begin = () => {
    perSecond = start;
    gapMs = 1_000 / start;
    gapFromMs = null;
    tokens = Math.max(1, Math.min(BURST, cap));
    filledAtMs = now();
    raisedAtMs = now();
  };
  const fill = () => {
    // One that was told to wait for longer has not paused.
    if (now() - takenAtMs > Math.max(IDLE_MS, 2_000 / perSecond) && !isCareful()) begin();
    const most = distance.isKept ? 1 : Math.max(1, Math.min(BURST, cap));
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
  };

  const waitMs = () => {
    fill();
    const tokenMs = tokens >= 1 ? 0 : ((1 - tokens) / perSecond) * 1_000;
    // Whole milliseconds: a wait that is lost in rounding would be waited for again and again.
    return Math.ceil(Math.max(distance.backlogWaitMs(), tokenMs));
  };

  return {
    waitMs,
    liveWaitMs: (messages) => Math.ceil(distance.liveWaitMs(messages)),
    take(what) {
      distance.left(what);
      if (what === "live") return;
      fill();
      tokens = Math.max(tokens - 1, MOST_DEBT);
      if (gapFromMs !== null) gapMs += (Math.min(now() - gapFromMs, IDLE_MS) - gapMs) / 8;
      gapFromMs = now();
      takenAtMs = now();
    },
    delivered(what) {
      refusals = 0;
      distance.delivered(what);
      if (what === "live") return;
      const sinceMs = now() - raisedAtMs;
      if (isCareful())
        perSecond += ((regained / 2) * Math.min(sinceMs, DOUBLE_AFTER_MS)) / REGAIN_MS;
      else if (sinceMs < DOUBLE_AFTER_MS) return;
      else perSecond *= 2;
      perSecond = Math.min(perSecond, cap);
      raisedAtMs = now();
    },
    limited(what, why) {
      if (isToBlame(what)) slowDown(what);
      distance.refused(what, why);
      const holdMs = firstHoldMs * 2 ** Math.min(refusals++, HOLD.mostDoublings);
      heldUntilMs = now() + Math.round((holdMs * (1 + fraction())) / 2);
    },
    lost() {
      slowDown("backlog");
      distance.keepFrom(now());
    },
    leftAlone(ms) {
      slowDown("backlog");
      distance.keepFrom(now() + ms);
      gapFromMs = null;
      takenAtMs = now() + ms; // that is no pause of its own
    },
    ended() {
      begin();
      takenAtMs = Number.NEGATIVE_INFINITY;
      distance.ended();
      heldUntilMs = Number.NEGATIVE_INFINITY;
      refusals = 0;
    },
    holdMs: () => Math.ceil(Math.max(0, heldUntilMs - now())),
    get isLimited() {
      return distance.isKept;
    },
  };
}
