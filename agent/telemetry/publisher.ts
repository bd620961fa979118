import { isWorthLogging } from "../backoff.ts";
import type { Login } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger, Random, RefusedSamples } from "../ports.ts";
import { isServerFault, isTooLarge } from "../thingsboard/answer.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import type { SerialiseOptions } from "../thingsboard/serialise.ts";
import { createDrainPace } from "./drain-pace.ts";
import { createInFlight, type Flight, type Published } from "./in-flight.ts";
import type { Lane } from "./live-distance.ts";
import { createMessageSize } from "./message-size.ts";
import { createMessages, type Message } from "./messages.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import { createRefusals } from "./refusals.ts";
import { createSampleParts } from "./sample-parts.ts";
import { createSuspects } from "./suspects.ts";

export interface PublisherDeps {
  readonly api: DeviceApi;
  readonly outbox: Outbox;
  readonly serialise: SerialiseOptions;
  /** Of live samples, in milliseconds: the pace of a backlog begins with it. */
  readonly intervalMs: number;
  /** Messages of a backlog, a second; null: no limit of its own. */
  readonly maxPerSecond: number | null;
  readonly aside: RefusedSamples;
  /** 5.00, and the message goes again: an outage may have begun. */
  readonly onServerFault: (error: AgentError) => void;
  readonly clock: Clock;
  readonly random: Pick<Random, "fraction">;
  readonly log: Logger;
}

export interface Publisher {
  /**
   * Sends what may be sent, and resolves with the first outcome; what else is under way goes on, and its outcome is told by
   * the next call. Entries are settled after a 2.xx.
   * @throws AgentError `unauthorized` or `transient`: the server is away, or asks to be left alone; until it has answered one
   * message at a time is tried
   */
  publish(login: Login, signal: AbortSignal): Promise<Published>;
}

/** Messages of the backlog under way together. One more place is kept free for live data. */
export const DRAIN_PLACES = 4;

/** A longer wait is cut into pieces, so that the caller's watchdog hears of it. What is under way has deadlines of its own. */
const LONGEST_WAIT_MS = 60_000;

export function createPublisher(deps: PublisherDeps): Publisher {
  const { api, outbox, serialise, clock, random, log } = deps;
  const [suspects, parts, size] = [createSuspects(), createSampleParts(), createMessageSize()];
  const refusals = createRefusals(deps);
  const pace = createDrainPace({ ...deps, now: clock.monotonic, fraction: random.fraction });
  const inFlight = createInFlight(clock);
  const messages = createMessages({ ...{ outbox, suspects, parts, size, serialise }, inFlight });
  let delivered = 0;
  /** The last time that the server asked for. Milliseconds; `untilMs` monotonic. */
  let leftAlone = { ms: 0, untilMs: Number.NEGATIVE_INFINITY };
  /** Of the live sample that was sent last. */
  let livePoints = 1;
  outbox.onNews(() => inFlight.wakeDrain());

  /** All of these were delivered, or given up: as far as no other part of a sample is still to be sent. */
  const finish = async (flight: Flight, fate: "delivered" | "refused") => {
    const { pieces, batch } = flight.message;
    const [settled, givenUp]: [OutboxEntry[], OutboxEntry[]] = [[], []];
    inFlight.judged(flight);
    for (const piece of pieces) {
      const refused = parts.done(piece, fate);
      if (refused !== null) (Object.keys(refused).length > 0 ? givenUp : settled).push(piece);
      else if (batch.cut && laneOf(flight.message) === "live") messages.continueWith(batch.cut);
      else giveBackWhole(piece);
    }
    if (settled.length > 0) await outbox.settle(settled);
    if (givenUp.length > 0) await outbox.drop(givenUp, "refused");
    refusals.unsendable(batch.refused);
  };

  const putBack = ({ message }: Flight, halved: boolean) => {
    if (message.origin !== "suspect") return outbox.giveBack(message.pieces);
    openOnly(message.pieces);
    suspects.putBack(message, { halved });
  };
  const openOnly = ([only, another]: readonly OutboxEntry[]) => {
    if (only && !another) parts.open(only, []);
  };

  /** Some of the sample may be under way, or held: then it goes back with the last of that. */
  const giveBackWhole = ({ id }: OutboxEntry) => {
    if (!suspects.holds(id) && !inFlight.isElsewhere(id)) outbox.giveBack([{ id }]);
  };

  const refuse = async (flight: Flight, error: AgentError): Promise<Published> => {
    const { message } = flight;
    const { cut, points } = message.batch;
    inFlight.judged(flight);
    // Cut for its number of data points: the rest of the sample leaves by itself, and so do the keys that the server takes.
    const isPart = cut !== null && points >= size.limit;
    const suspect = isPart
      ? { ...message, pieces: [...message.pieces.slice(0, -1), cut] }
      : message;
    const verdict = suspects.refused(suspect, isTooLarge(error) ? "size" : "content");
    const [only] = message.pieces;
    if (verdict === "split") openOnly(message.pieces);
    if (verdict === "culprit" && only) {
      await finish(flight, "refused");
      refusals.culprit(only, error.message);
    }
    if (verdict === "returned" && only) giveBackWhole(only);
    // Other parts of the sample, or other samples, may speak for the server.
    const mayOthersPass =
      suspects.isHunting ||
      (only && inFlight.isElsewhere(only.id)) ||
      (suspects.refusedInARow === 1 && outbox.hasMore);
    if (verdict === "split" || verdict === "culprit" || mayOthersPass) return "answered";
    throw new AgentError("transient", `the server refuses what it is sent: ${error.message}`, {
      code: "P030",
      hint: "in ThingsBoard look at the device profile: its transport type must be Default, or CoAP with JSON payload",
      cause: error,
    });
  };

  /** 5.00: the server is broken, or limits messages, or data points; it does not say which. */
  const limit = (flight: Flight, error: AgentError): Published => {
    const { batch, pieces } = flight.message;
    const lane = laneOf(flight.message);
    const [first] = pieces;
    putBack(flight, true);
    if (lane === "live" && first) messages.continueWith(batch.cut ?? first);
    if (inFlight.isOldNews(flight)) return "answered";
    inFlight.noteTrouble();
    deps.onServerFault(error);
    const before = size.limit;
    if (size.refused(batch.points)) throw error; // that is for the caller's back-off
    pace.limited(lane, size.limit === before ? "rate" : "size");
    return "answered";
  };

  /** 4.29, or 5.03 with a time. What was under way with the one that said it first says the same, unless it asks for more. */
  const leaveAlone = (flight: Flight, error: AgentError, ms: number): Published => {
    putBack(flight, false);
    const nowMs = clock.monotonic();
    const isSaid = nowMs < leftAlone.untilMs && ms <= leftAlone.ms;
    if (inFlight.isOldFailure(flight) && isSaid) return "again";
    leftAlone = { ms, untilMs: nowMs + ms };
    throw error;
  };

  const fail = async (flight: Flight, error: unknown): Promise<Published> => {
    if (!(error instanceof AgentError)) throw error;
    if (error.kind === "rejected") return refuse(flight, error);
    if (error.retryAfterMs !== undefined) return leaveAlone(flight, error, error.retryAfterMs);
    if (isServerFault(error)) return limit(flight, error);
    putBack(flight, false);
    const isLost = error.kind === "transient" && inFlight.othersArrived(flight);
    if (isLost) pace.lost();
    if (isLost || inFlight.isOldNews(flight)) return "again";
    throw error;
  };

  const deliver = async (flight: Flight, tookMs: number): Promise<Published> => {
    const { batch, pieces } = flight.message;
    suspects.accepted();
    size.passed(batch.points);
    pace.delivered(laneOf(flight.message));
    await finish(flight, "delivered");
    // A line for each would be most of the log, and most of what the agent causes to be written to the card.
    const say = isWorthLogging(++delivered) ? log.info : log.debug;
    const { length: bytes } = batch.payload ?? [];
    say("delivered", {
      samples: pieces.length,
      bytes,
      ms: Math.round(tookMs),
      messages: delivered,
    });
    return "delivered";
  };

  const send = async (flight: Flight, login: Login, signal: AbortSignal) => {
    const { payload } = flight.message.batch;
    if (payload === null) {
      await finish(flight, "delivered");
      return "again";
    }
    const startMs = clock.monotonic();
    try {
      await api.publishTelemetry(login, payload, signal);
    } catch (error) {
      return await fail(flight, error);
    }
    inFlight.noteArrival();
    return await deliver(flight, clock.monotonic() - startMs);
  };

  /** What may leave now; or milliseconds until something may; null: nothing else can. */
  const next = async () => {
    const { isProven, count } = inFlight;
    const holdMs = pace.holdMs();
    if (count > DRAIN_PLACES || (!isProven && inFlight.hasProbe)) return null;
    if (holdMs > 0) return holdMs;
    const first = suspects.isHunting ? messages.suspect() : null;
    if (first) return first;
    const liveWaitMs = isProven ? pace.liveWaitMs(Math.ceil(livePoints / size.limit)) : 0;
    if (liveWaitMs > 0 && messages.hasLive) return liveWaitMs;
    const live = liveWaitMs > 0 ? null : await messages.live();
    if (live) return live;
    if (count >= DRAIN_PLACES) return null;
    const waitMs = isProven ? pace.waitMs() : 0;
    if (waitMs > 0 && (suspects.hasNext || outbox.hasMore || pace.isLimited)) return waitMs;
    const next = messages.suspect() ?? (await messages.backlog());
    return next ?? (count === 0 ? messages.deferred() : null);
  };

  /** Starts all that may leave. Milliseconds until more may; null: not before something has ended. */
  const fill = async (login: Login, signal: AbortSignal): Promise<number | null> => {
    for (;;) {
      // What has failed meanwhile is told first: the caller decides how long to wait.
      if (inFlight.hasNews) return null;
      const message = await next();
      if (message === null || typeof message === "number") return message;
      if (message.origin === "live") livePoints = firstPoints(message);
      pace.take(laneOf(message));
      inFlight.start(message, (flight) => send(flight, login, signal));
    }
  };

  return {
    async publish(login, signal) {
      for (;;) {
        const waitMs = await fill(login, signal);
        if (!inFlight.hasNews && inFlight.count === 0 && waitMs === null) return "empty";
        const isLong = waitMs !== null && waitMs > LONGEST_WAIT_MS;
        await inFlight.change(isLong ? LONGEST_WAIT_MS : waitMs, signal);
        try {
          const news = inFlight.takeNews();
          if (news !== null) return news;
          if (isLong) return "again";
        } catch (error) {
          const { retryAfterMs = null } = error instanceof AgentError ? error : {};
          if (retryAfterMs === null) pace.ended();
          else pace.leftAlone(retryAfterMs);
          messages.letGo();
          throw error;
        }
      }
    },
  };
}

const laneOf = ({ origin }: Message): Lane =>
  origin === "live" || origin === "rest" ? "live" : "backlog";

/** Data points of the sample that goes first, whether or not all of it goes now. */
const firstPoints = ({ batch: { cut }, pieces: [first] }: Message): number =>
  Object.keys((cut ?? first)?.readings ?? {}).length;
