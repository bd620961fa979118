import type { Login } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger, Random, RefusedSamples } from "../ports.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import type { SerialiseOptions } from "../thingsboard/serialise.ts";
import { createDrainPace } from "./drain-pace.ts";
import { createInFlight, type Flight, type Published } from "./in-flight.ts";
import { createMessageSize } from "./message-size.ts";
import { createMessages, laneOf, type Message } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { createOutcomes } from "./outcomes.ts";
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
  const { api, outbox, serialise, clock, random } = deps;
  const [suspects, parts, size] = [createSuspects(), createSampleParts(), createMessageSize()];
  const pace = createDrainPace({ ...deps, now: clock.monotonic, fraction: random.fraction });
  const inFlight = createInFlight(clock);
  const messages = createMessages({ ...{ outbox, suspects, parts, size, serialise }, inFlight });
  const outcomes = createOutcomes({ ...deps, suspects, parts, size, pace, inFlight, messages });
  /** Of the live sample that was sent last. */
  let livePoints = 1;
  outbox.onNews(() => inFlight.wakeDrain());

  const send = async (flight: Flight, login: Login, signal: AbortSignal) => {
    const { payload } = flight.message.batch;
    if (payload === null) return outcomes.empty(flight);
    const startMs = clock.monotonic();
    try {
      await api.publishTelemetry(login, payload, signal);
    } catch (error) {
      return await outcomes.failed(flight, error);
    }
    inFlight.noteArrival();
    return await outcomes.delivered(flight, clock.monotonic() - startMs);
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

/** Data points of the sample that goes first, whether or not all of it goes now. */
const firstPoints = ({ batch: { cut }, pieces: [first] }: Message): number =>
  Object.keys((cut ?? first)?.readings ?? {}).length;
