import { isWorthLogging } from "../backoff.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger, RefusedSamples } from "../ports.ts";
import { isServerFault, isTooLarge } from "../thingsboard/answer.ts";
import type { DrainPace } from "./drain-pace.ts";
import type { Flight, InFlight, Published } from "./in-flight.ts";
import type { MessageSize } from "./message-size.ts";
import { laneOf, type Messages } from "./messages.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import { createRefusals } from "./refusals.ts";
import type { SampleParts } from "./sample-parts.ts";
import type { Suspects } from "./suspects.ts";

export interface OutcomesDeps {
  readonly outbox: Outbox;
  readonly suspects: Suspects;
  readonly parts: SampleParts;
  readonly size: MessageSize;
  readonly pace: DrainPace;
  readonly inFlight: InFlight;
  readonly messages: Messages;
  readonly aside: RefusedSamples;
  /** 5.00, and the message goes again: an outage may have begun. */
  readonly onServerFault: (error: AgentError) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What an answer, or its absence, means for the samples of a message, and for what may leave next. */
export interface Outcomes {
  /** There was nothing in it that can be sent. */
  empty(flight: Flight): Promise<Published>;
  delivered(flight: Flight, tookMs: number): Promise<Published>;
  /** @throws AgentError for the caller's back-off, and whatever is none: a bug */
  failed(flight: Flight, error: unknown): Promise<Published>;
}

export function createOutcomes(deps: OutcomesDeps): Outcomes {
  const { outbox, suspects, parts, size, pace, inFlight, messages, clock, log } = deps;
  const refusals = createRefusals(deps);
  /** Messages that were delivered. */
  let count = 0;
  /** The last time that the server asked for. Milliseconds; `untilMs` monotonic. */
  let leftAlone = { ms: 0, untilMs: Number.NEGATIVE_INFINITY };

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

  const failed = async (flight: Flight, error: unknown): Promise<Published> => {
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

  const delivered = async (flight: Flight, tookMs: number): Promise<Published> => {
    const { batch, pieces } = flight.message;
    suspects.accepted();
    size.passed(batch.points);
    pace.delivered(laneOf(flight.message));
    await finish(flight, "delivered");
    // A line for each would be most of the log, and most of what the agent causes to be written to the card.
    const say = isWorthLogging(++count) ? log.info : log.debug;
    const { length: bytes } = batch.payload ?? [];
    say("delivered", {
      samples: pieces.length,
      bytes,
      ms: Math.round(tookMs),
      messages: count,
    });
    return "delivered";
  };

  return {
    async empty(flight) {
      await finish(flight, "delivered");
      return "again";
    },
    delivered,
    failed,
  };
}
