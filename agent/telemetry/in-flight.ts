import { onAbort } from "../aborting.ts";
import { CoapError } from "../coap/coap-error.ts";
import { AgentError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { Message } from "./messages.ts";

export interface Flight {
  readonly message: Message;
  /** Messages are numbered as they leave: what left before something became known says nothing new about it. */
  readonly number: number;
}

/**
 * `answered`: the server took nothing, but let the token in: it refused something, or limits the rate. `again`: nothing came
 * of it, and there is nothing to wait for. The next message is another one, or leaves when it may. `empty`: nothing can be
 * sent now.
 */
export type Published = "delivered" | "answered" | "again" | "empty";

type News = { readonly outcome: Published } | { readonly error: unknown };

/** Messages under way, and what was last heard of them. */
export interface InFlight {
  readonly count: number;
  /** What this one carries has been accepted or refused, before its end is told. */
  judged(flight: Flight): void;
  /** Whether some of this sample is in one that is not judged yet. */
  isElsewhere(id: number): boolean;
  /** It is about to start: what it carries counts as under way already. */
  expect(message: Message): void;
  /** Counts until `send` has ended, and what came of it is news. */
  start(message: Message, send: (flight: Flight) => Promise<Published>): void;
  /** The server has taken one: all is well. */
  noteArrival(): void;
  /** Something arrived, and nothing has failed since. */
  readonly isProven: boolean;
  /** One that left after the last failure is under way. */
  readonly hasProbe: boolean;
  /** Whether others, which left later or at the same time, have arrived since this one left. */
  othersArrived(flight: Flight): boolean;
  /** It left before the last trouble was known. */
  isOldNews(flight: Flight): boolean;
  /** It left before the last failure was known, which is more than trouble. */
  isOldFailure(flight: Flight): boolean;
  noteTrouble(): void;
  readonly hasNews: boolean;
  /** The last outcome, once; null: there is none. @throws what the last one failed with */
  takeNews(): Published | null;
  /** Resolves when something is heard, or after so many milliseconds. */
  change(waitMs: number | null, signal: AbortSignal): Promise<void>;
  /** There is more to send: whoever waits for a drain looks again. */
  wakeDrain(): void;
}

export function createInFlight(clock: Clock): InFlight {
  const flights = new Set<Flight>();
  /** Two that end together do not both leave the sample to the other. */
  const unjudged = new Set<Message>();
  /** The oldest first: one, or an answer that let the token in and a 4.01 that came after it. */
  let news: readonly News[] = [];
  let wake = () => {};
  let isDraining = false;
  let started = 0;
  /** How many had left when something last arrived, last failed, last met with trouble. */
  let [arrivedAt, failedAt, troubledAt] = [0, 0, 0];
  let isProven = false;

  const hear = (heard: News) => {
    news = withNews(news, heard);
    wake();
  };

  return {
    get count() {
      return flights.size;
    },
    judged: ({ message }) => void unjudged.delete(message),
    isElsewhere: (id) =>
      [...unjudged].some(({ pieces }) => pieces.some((piece) => piece.id === id)),
    expect: (message) => void unjudged.add(message),
    start(message, send) {
      const flight = { message, number: ++started };
      flights.add(flight);
      unjudged.add(message);
      const end = () => {
        flights.delete(flight);
        unjudged.delete(message);
      };
      send(flight).then(
        (outcome) => {
          end();
          hear({ outcome });
        },
        (error: unknown) => {
          end();
          isProven = false;
          failedAt = started;
          troubledAt = started;
          hear({ error });
        },
      );
    },
    noteArrival() {
      arrivedAt = started;
      isProven = true;
    },
    get isProven() {
      return isProven;
    },
    get hasProbe() {
      return [...flights].some(({ number }) => number > failedAt);
    },
    othersArrived: ({ number }) => arrivedAt >= number,
    isOldNews: ({ number }) => number <= troubledAt,
    isOldFailure: ({ number }) => number <= failedAt,
    noteTrouble() {
      troubledAt = started;
    },
    get hasNews() {
      return news.length > 0;
    },
    takeNews() {
      const [heard, ...later] = news;
      news = later;
      if (heard === undefined) return null;
      if ("error" in heard) throw heard.error;
      return heard.outcome;
    },
    async change(waitMs, signal) {
      if (news.length > 0) return;
      signal.throwIfAborted();
      isDraining =
        waitMs !== null || [...flights].some(({ message }) => message.origin === "backlog");
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (waitMs === null) return woken; // what is under way ends with the signal, too
      using _timer = clock.after(waitMs, wake);
      const forget = onAbort(signal, wake);
      await woken;
      forget();
      signal.throwIfAborted();
    },
    wakeDrain() {
      if (isDraining) wake();
    },
  };
}

/** Whoever counts 4.01s has to know what came in between, also when nobody has asked yet. */
function withNews(news: readonly News[], heard: News): readonly News[] {
  const last = news.at(-1);
  if (last === undefined) return [heard];
  if (isLetIn(last) && isUnauthorized(heard)) return [last, heard];
  return outweighs(heard, last) ? [...news.slice(0, -1), heard].filter(isNeeded) : news;
}

/** Of two answers that both let the token in the later one says it all. */
const isNeeded = (_one: News, index: number, { [index + 1]: next }: readonly News[]) =>
  next === undefined || !isLetIn(next);

/** Any answer but a 4.01, a refusal or a fault of the server among them. A lost one is a CoapError. */
const isLetIn = (one: News) =>
  "outcome" in one
    ? one.outcome === "answered" || one.outcome === "delivered"
    : one.error instanceof AgentError &&
      !(one.error instanceof CoapError) &&
      one.error.kind !== "unauthorized" &&
      one.error.kind !== "bug";

const isUnauthorized = (one: News) =>
  "error" in one && one.error instanceof AgentError && one.error.kind === "unauthorized";

/**
 * What was heard last counts; but a bug is never passed over, and what was not delivered says less than anything else. Only
 * an answer that came after a 4.01 forgives it: the token was let in.
 */
function outweighs(heard: News, before: News): boolean {
  const error = "error" in before ? before.error : null;
  if (error !== null && !(error instanceof AgentError)) return false;
  if ("error" in heard) return true;
  // The server wants to be left alone, whatever else it has taken.
  if (error?.retryAfterMs !== undefined) return false;
  if (heard.outcome === "delivered") return true;
  return heard.outcome === "answered" && error?.kind === "unauthorized";
}
