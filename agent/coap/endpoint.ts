import { onAbort } from "../aborting.ts";
import type { ChannelEvents, Clock, DatagramChannel, Random } from "../ports.ts";
import { channelFailure } from "./channel-failure.ts";
import { CoapError, cancelled } from "./coap-error.ts";
import { encode, encodeBounded, type OutgoingMessage, type OutgoingOption } from "./encode.ts";
import { createExchange, type Exchange, type Outcome } from "./exchange.ts";
import { createInbound } from "./inbound.ts";
import { EMPTY, type Message } from "./message.ts";
import { messageIds } from "./message-ids.ts";
import { createPace } from "./pace.ts";
import type { Probing } from "./probing.ts";
import { type CoapSettings, maxFinishedTokens } from "./settings.ts";
import type { Counters, TableSizes } from "./stats.ts";
import { createTables, type Observer } from "./tables.ts";

export interface OutgoingRequest {
  readonly code: number;
  readonly confirmable: boolean;
  readonly options: readonly OutgoingOption[];
  readonly payload: Uint8Array;
  readonly deadlineMs: number;
  /** In hexadecimal; without it, the request has a new one of its own. */
  readonly token?: string | undefined;
  /** Where blocks share a token: answers to lower ones come late. */
  readonly block1Num?: number | undefined;
  /** Takes over the token, in the same turn, when the response establishes an observation. */
  readonly observer?: Observer | undefined;
}

type Waiting = Pick<OutgoingRequest, "deadlineMs" | "observer" | "block1Num">;

export interface Answer {
  readonly message: Message;
  /** Of the request, in hexadecimal: what an observation goes by from then on. */
  readonly token: string;
  /** From the first transmission. */
  readonly roundTripMs: number;
}

/** The message layer over one channel: everything that belongs to one source port. */
export interface Endpoint extends ChannelEvents {
  /** Settles once, with the response or a CoapError; rejects with the signal's reason before it is sent. */
  exchange(request: OutgoingRequest, signal: AbortSignal): Promise<Answer>;
  /** Resolves to the round trip in milliseconds. */
  ping(deadlineMs: number, signal: AbortSignal): Promise<number>;
  /** Ends an observation on our side: what still comes for it is acknowledged and dropped. */
  retire(token: string): void;
  /** One NON with an old token, for which no answer is awaited. */
  tell(token: string, code: number, options: readonly OutgoingOption[]): void;
  /** Monotonic; when the peer last sent anything at all. */
  readonly heardAt: number;
  /** False once it was given up: what it still observes is about to end. */
  readonly isUsable: boolean;
  /** See DatagramChannel. */
  readonly isResumed: boolean;
  readonly isIdentified: boolean;
  sizes(): TableSizes;
  /** Retires its observations, and closes the channel when nothing is outstanding any more. */
  drain(): void;
  /** Ends everything with `error` and closes the channel. */
  close(error: CoapError): void;
}

export interface EndpointDeps {
  readonly channel: DatagramChannel;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: CoapSettings;
  readonly counters: Counters;
  readonly probing: Probing;
  /** "coap.example.org:5683 (192.0.2.1)". */
  readonly peer: string;
  /** The channel is of no use any more. */
  broken(error: CoapError): void;
  closed(): void;
}

const TOKEN_BYTES = 8;

export function createEndpoint(deps: EndpointDeps): Endpoint {
  const { channel, clock, random, settings, counters, probing, peer } = deps;
  const nextMessageId = messageIds(random);
  const pace = createPace(clock, settings.messagesPerSecond);
  const tables = createTables(clock, maxFinishedTokens(settings));
  const lifetime = new AbortController();
  const inbound = createInbound({
    clock,
    peer,
    tables,
    counters,
    maxDeduplicated: settings.maxDeduplicated,
    sendEmpty(type, messageId) {
      counters[type === "ACK" ? "acksSent" : "resetsSent"]++;
      channel.send(encode({ type, code: EMPTY, messageId }));
    },
  });
  let heardAt = Number.NEGATIVE_INFINITY;
  let draining = false;

  const close = (error: CoapError) => {
    if (lifetime.signal.aborted) return;
    lifetime.abort(error);
    for (const exchange of tables.exchanges()) exchange.end({ kind: "failed", error });
    tables.retireAll();
    channel[Symbol.dispose]();
    deps.closed();
  };
  const closeWhenIdle = () => {
    if (!draining || tables.outstandingCount > 0) return;
    close(new CoapError("unreachable", `the connection to ${peer} was given up`));
  };

  /** Sends it and waits for its end. Everything up to the first transmission happens in this turn. */
  const launch = (
    message: Omit<OutgoingMessage, "messageId">,
    { deadlineMs, observer, block1Num }: Waiting,
    signal: AbortSignal,
  ) =>
    new Promise<Answer>((resolve, reject) => {
      // Either may have ended between the turn that admitted this message and this one.
      lifetime.signal.throwIfAborted();
      signal.throwIfAborted();
      const messageId = nextMessageId();
      const datagram = encodeBounded({ ...message, messageId }, peer);
      const token = message.token?.toHex() ?? "";

      const ended = (outcome: Outcome) => {
        forget();
        tables.remove(exchange);
        if (outcome.kind === "failed") {
          if (outcome.error.failure === "timeout") counters.timeouts++;
          reject(outcome.error);
        } else {
          const roundTripMs = clock.monotonic() - exchange.startedAt;
          // After a retransmission nobody knows which transmission was answered.
          if (!exchange.retransmitted) counters.lastRoundTripMs = roundTripMs;
          resolve({ message: outcome.message, token, roundTripMs });
        }
        closeWhenIdle();
      };
      const exchange: Exchange = createExchange({
        clock,
        settings,
        messageId,
        token,
        confirmable: message.type === "CON",
        block1Num,
        bytes: datagram.length,
        deadlineMs,
        jitter: random.fraction(),
        peer,
        transmit(isRetransmission) {
          counters[isRetransmission ? "retransmissions" : "sent"]++;
          if (message.type === "NON") probing.sent(datagram.length);
          channel.send(datagram);
        },
        ended,
      });
      tables.add(exchange, observer);
      const forget = onAbort(signal, () => {
        const error = cancelled(`the request to ${peer}`, signal.reason);
        exchange.end({ kind: "failed", error });
      });
      exchange.start();
    });

  return {
    received(datagram) {
      if (lifetime.signal.aborted) return;
      heardAt = clock.monotonic();
      probing.heard();
      inbound.received(datagram);
    },
    failed(errno) {
      const failure = channelFailure(errno, peer);
      if (failure === "lost") return;
      if (failure === "refused") {
        for (const exchange of tables.exchanges()) exchange.refused(errno);
      } else if (failure.failure === "too large") {
        largestOf(tables.exchanges())?.end({ kind: "failed", error: failure });
      } else {
        deps.broken(failure);
      }
    },
    closed(errno) {
      const text = `the connection to ${peer} was closed (${errno})`;
      deps.broken(new CoapError("unreachable", text, { errno }));
    },

    async exchange(request, signal) {
      const wait = pace.admit(signal);
      if (wait !== null) await wait;
      const { code, confirmable, options, payload } = request;
      const type = confirmable ? "CON" : "NON";
      const token =
        request.token === undefined ? random.bytes(TOKEN_BYTES) : Uint8Array.fromHex(request.token);
      return launch({ type, code, token, options, payload }, request, signal);
    },
    async ping(deadlineMs, signal) {
      await pace.admit(signal);
      return (await launch({ type: "CON", code: EMPTY }, { deadlineMs }, signal)).roundTripMs;
    },
    retire: tables.retire,
    tell(token, code, options) {
      const send = () => {
        counters.sent++;
        const message = { code, messageId: nextMessageId(), token: Uint8Array.fromHex(token) };
        channel.send(encode({ type: "NON", ...message, options }));
      };
      // Closed: there is nobody left to tell.
      if (lifetime.signal.aborted) return;
      const wait = pace.admit(lifetime.signal);
      // At once where it may: what follows must not overtake it.
      if (wait === null) return send();
      wait.then(
        () => !lifetime.signal.aborted && send(),
        () => undefined,
      );
    },
    get heardAt() {
      return heardAt;
    },
    isResumed: channel.isResumed ?? false,
    isIdentified: channel.isIdentified ?? false,
    get isUsable() {
      return !draining && !lifetime.signal.aborted;
    },
    sizes: () => ({
      outstanding: tables.outstandingCount,
      observations: tables.observedCount,
      registering: tables.registeringCount,
      deduplicated: inbound.deduplicatedCount,
      retiredTokens: tables.retiredCount,
    }),
    drain() {
      draining = true;
      tables.retireAll();
      closeWhenIdle();
    },
    close,
  };
}

function largestOf(exchanges: readonly Exchange[]): Exchange | undefined {
  return exchanges.toSorted((a, b) => b.bytes - a.bytes)[0];
}
