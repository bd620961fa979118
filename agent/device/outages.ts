import type { BootClock, Clock, Journal, Logger, Moment } from "../ports.ts";
import type { Outbox, OutboxEntry } from "../telemetry/outbox.ts";
import type { Timeline } from "../telemetry/timeline.ts";
import { gapReadings, notedOutage, type Outage, outageOf } from "./outage.ts";
import type { OutageCause } from "./outage-cause.ts";

export interface OutagesDeps {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly timeline: Pick<Timeline, "stamp" | "tsOf" | "source" | "onSource">;
  readonly boot: Pick<BootClock, "bootId">;
  readonly clock: Clock;
  /** Between two acknowledgements; what is shorter is no outage. */
  readonly thresholdMs: number;
  /** Between two runs. */
  readonly offThresholdMs: number;
  /** The cause of the last outage is known: `lastOutageCause`. */
  readonly onReport: () => void;
  readonly log: Logger;
}

export interface Outages {
  /** The outbox once more: each settling is an acknowledgement. */
  readonly outbox: Outbox;
  failed(cause: OutageCause): void;
  /** The server answered, and took nothing; no news where an outage, or the backlog of one, is under way. */
  hindered(cause: OutageCause): void;
}

const NOTE = "outage";
const CAUSE_NOTE = "outageCause";
/** More are no live samples: while so many wait, the backlog is not over. */
const MOST_LIVE = 64;

/** Of the last outage that was told of, in whatever run. */
export function lastOutageCause(journal: Pick<Journal, "noted">): string | null {
  const noted = journal.noted(CAUSE_NOTE);
  return typeof noted === "string" ? noted : null;
}

/**
 * Tells of each outage once, in a sample of its own, when all that waited in it has been acknowledged or dropped. An outage is
 * the time between two acknowledgements, where a request failed in it, no sample had a time, or the agent did not run. It is noted in
 * the journal together with the samples it speaks of, so that a restart in the middle neither loses nor doubles it.
 */
export function createOutages(deps: OutagesDeps): Outages {
  const { journal, outbox, timeline, boot, clock, thresholdMs, offThresholdMs, log } = deps;
  const moment = (): Moment => ({
    bootId: boot.bootId,
    monotonicMs: Math.floor(clock.monotonic()),
    ts: timeline.source === null ? null : clock.now(),
  });
  const started = moment();
  const { lastTs: lastRunTs } = journal;
  const droppedAtStart = journal.dropped();
  let lastContact: Moment | null = null;
  let outage = outageOf(journal.noted(NOTE));
  const isOfFormerRun = outage !== null;
  /** Nothing but answers that were none: what comes of it may have a cause of its own. */
  let isHinderedOnly = false;

  const keep = (next: Outage | null) => {
    outage = next;
    journal.note(NOTE, next && notedOutage(next));
  };

  const begin = (cause: OutageCause, begun: Moment) => {
    const droppedBefore = journal.dropped();
    keep({ cause, begun, lengthMs: 0, droppedBefore, late: 0, upToId: 0 });
  };
  const failed = (cause: OutageCause) => {
    const begun = lastContact ?? started;
    if (outage === null) begin(cause, begun);
    else if (outage.begun === null) keep({ ...outage, begun });
    else if (isHinderedOnly) keep({ ...outage, cause });
    isHinderedOnly = false;
  };
  /** Where little is sent, the last acknowledgement says nothing of when the trouble began. */
  const hindered = (cause: OutageCause) => {
    if (outage !== null) return;
    const now = moment();
    const contact = lastContact ?? now;
    begin(cause, between(contact, now) < thresholdMs ? contact : now);
    isHinderedOnly = true;
  };

  /** Where their clocks have nothing in common, the time of this run alone. */
  const between = (earlier: Moment, later: Moment): number => {
    if (earlier.bootId === later.bootId) return later.monotonicMs - earlier.monotonicMs;
    const from = timeline.tsOf(earlier);
    if (typeof from === "number" && later.ts !== null) return Math.max(0, later.ts - from);
    return later.monotonicMs - started.monotonicMs;
  };

  /** The first acknowledgement of this run: its clock is known by now, and with it how long the agent was off. */
  const countOff = (now: Moment) => {
    if (lastRunTs === null || now.ts === null) return;
    const begun: Moment = { bootId: "", monotonicMs: 0, ts: lastRunTs };
    const offMs = now.ts - lastRunTs - between(started, now);
    if (offMs < offThresholdMs) return;
    if (outage === null || !isOfFormerRun) {
      const droppedBefore = droppedAtStart;
      keep({ cause: "off", begun, lengthMs: 0, droppedBefore, late: 0, upToId: 0 });
    } else if (outage.begun === null) keep({ ...outage, begun });
  };

  const acknowledged = async (entries: readonly OutboxEntry[]) => {
    const now = moment();
    if (lastContact === null) countOff(now);
    lastContact = now;
    if (outage === null || outage.begun === null) return;
    const newest = await journal.newest();
    // Another answer may have come first, and ended it.
    if (outage === null || outage.begun === null) return;
    const newestId = Math.max(newest?.id ?? 0, ...entries.map(({ id }) => id));
    const lengthMs = outage.lengthMs + between(outage.begun, now);
    // The newest is live.
    keep(
      lengthMs < thresholdMs ? null : { ...outage, begun: null, lengthMs, upToId: newestId - 1 },
    );
  };

  /** Settles, and counts in the same write; what a bound gave up while it was on its way counts as dropped already. */
  const settle = (entries: readonly OutboxEntry[]): Promise<void> => {
    const before = journal.waiting();
    const settled = outbox.settle(entries);
    if (outage === null) return settled;
    const { late, upToId } = outage;
    const live = entries.filter(({ id }) => id > upToId).length;
    keep({ ...outage, late: late + Math.max(0, before - journal.waiting() - live) });
    return settled;
  };

  const isBacklogGone = async ({ upToId }: Outage): Promise<boolean> => {
    const waiting = journal.waiting();
    if (waiting === 0) return true;
    if (waiting > MOST_LIVE) return false;
    const [oldest] = await journal.read({ fromId: 0, limit: 1 });
    return oldest === undefined || oldest.id > upToId;
  };

  const tellIfOver = async () => {
    const seen = outage;
    if (seen === null || seen.begun !== null || !(await isBacklogGone(seen))) return;
    if (outage !== seen) return; // told meanwhile, or it goes on
    const { cause } = seen;
    const readings = gapReadings(seen, journal.dropped());
    log.notice("outage over", { cause, ...readings });
    journal.note(CAUSE_NOTE, cause);
    keep(null); // in one write with the sample: never told twice, never forgotten
    deps.onReport();
    await outbox.accept({ taken: timeline.stamp(), readings });
  };

  let wasTrusted = timeline.source !== null;
  timeline.onSource(() => {
    const isNews = !wasTrusted;
    wasTrusted = timeline.source !== null;
    if (isNews && between(lastContact ?? started, moment()) >= thresholdMs) failed("clock");
  });

  return {
    failed,
    hindered,
    outbox: {
      ...outbox,
      get hasMore() {
        return outbox.hasMore; // spread, it would be what it was then
      },
      get hasLive() {
        return outbox.hasLive;
      },
      async settle(entries) {
        await acknowledged(entries);
        await settle(entries);
        await tellIfOver();
      },
    },
  };
}
