import type { Awaitable, Clock, OwnCertificate } from "../ports.ts";
import { withDeadline } from "../timing.ts";
import { CoapError } from "./coap-error.ts";
import type { Connection } from "./connection.ts";
import type { Answer, Endpoint, OutgoingRequest } from "./endpoint.ts";
import { CODE } from "./message.ts";
import type { Probing } from "./probing.ts";
import { PRIORITY, type Priority, type Queue, queueFull } from "./queue.ts";

export interface TurnAnswer extends Answer {
  /** Where an observation that this answer established lives. */
  readonly endpoint: Endpoint;
}

/** One request's claim on the queue, for one exchange or for all blocks of a body, one after the other. */
export interface Turn extends Disposable {
  /** After the first one it goes ahead of requests that have not begun, but not of urgent ones. */
  exchange(request: OutgoingRequest, signal: AbortSignal): Promise<TurnAnswer>;
  /** Gives up the place until the next exchange. */
  pause(): void;
}

/** Exchanges in their turn: queue, connection, exchange, and what it tells about the connection. */
export interface Turns {
  /** `own`: see CoapRequest. */
  begin(priority: Priority, own?: OwnCertificate | null): Turn;
  ping(deadlineMs: number, signal: AbortSignal): Promise<number>;
}

export interface TurnsDeps {
  readonly clock: Clock;
  readonly queue: Queue;
  readonly connection: Connection;
  readonly probing: Probing;
  readonly queueDeadlineMs: number;
  /** NONs that wait for a silent peer. */
  readonly maxHeld: number;
  /** For messages. */
  readonly peer: string;
}

const MOST_RENEWALS = 3;

export function createTurns(deps: TurnsDeps): Turns {
  const { clock, queue, connection, probing, queueDeadlineMs, maxHeld, peer } = deps;

  const onEndpoint = async <T>(
    { confirmable, own }: { readonly confirmable: boolean; readonly own: OwnCertificate | null },
    signal: AbortSignal,
    work: (endpoint: Endpoint) => Promise<T>,
  ): Promise<T> => {
    const opened = connection.endpoint(own, signal);
    const endpoint = opened instanceof Promise ? await opened : opened;
    const begunAt = clock.monotonic();
    try {
      const result = await work(endpoint);
      connection.answered(endpoint);
      return result;
    } catch (error) {
      if (error instanceof CoapError) connection.failed(endpoint, { error, begunAt, confirmable });
      throw error;
    }
  };

  const stillSilent = () => {
    const text = `${peer} is silent: a non-confirmable request waited ${queueDeadlineMs / 1000} s and was never sent`;
    return new CoapError("timeout", text, { phase: "queue" });
  };

  /** A place in the queue; a NON to a silent peer waits outside, where it is in nobody's way. */
  const place = (confirmable: boolean, priority: Priority, signal: AbortSignal) => {
    const mine = queue.enter(priority, signal);
    return confirmable ? mine : placeOfNon(mine, priority, signal);
  };
  const placeOfNon = async (
    first: Awaitable<Disposable>,
    priority: Priority,
    signal: AbortSignal,
  ) => {
    let mine = await first;
    let giveUpAt: number | undefined;
    while (probing.isHeld) {
      mine[Symbol.dispose]();
      const isFirstWait = giveUpAt === undefined;
      // The bound does not hold up the next block of what was let in before.
      if (isFirstWait && probing.waiting >= maxHeld && priority !== PRIORITY.continuation)
        throw queueFull(peer, probing.waiting);
      giveUpAt ??= clock.monotonic() + queueDeadlineMs;
      const leftMs = Math.max(0, giveUpAt - clock.monotonic());
      await withDeadline(clock, leftMs, signal, stillSilent, probing.wait);
      // Let in once, it cannot be refused for a full queue now.
      mine = await queue.enter(PRIORITY.continuation, signal);
    }
    return mine;
  };

  return {
    begin(first, own = null) {
      let priority = first;
      let held: Disposable | undefined;
      const pause = () => {
        held?.[Symbol.dispose]();
        held = undefined;
      };
      return {
        async exchange(request, signal) {
          // Back in the queue before the old place is given up, or a later request would slip in.
          const next = place(request.confirmable, priority, signal);
          pause();
          held = next instanceof Promise ? await next : next;
          if (priority === PRIORITY.normal) priority = PRIORITY.continuation;
          const exchange = () =>
            onEndpoint({ confirmable: request.confirmable, own }, signal, async (endpoint) => {
              const answer = await endpoint.exchange(request, signal);
              if (answer.message.code !== CODE.unauthorized) connection.letIn(endpoint);
              return { ...answer, endpoint };
            });
          let answer = await exchange();
          // Another one may be a resumed session, too; one that is new ends it.
          for (let more = MOST_RENEWALS; more > 0; more--) {
            if (answer.message.code !== CODE.unauthorized || !connection.renew(answer.endpoint))
              break;
            answer = await exchange();
          }
          return answer;
        },
        pause,
        [Symbol.dispose]: pause,
      };
    },
    async ping(deadlineMs, signal) {
      using _place = await place(true, PRIORITY.urgent, signal);
      return await onEndpoint({ confirmable: true, own: null }, signal, (endpoint) =>
        endpoint.ping(deadlineMs, signal),
      );
    },
  };
}
