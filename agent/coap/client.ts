import { abortingWith } from "../aborting.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger, Network, Random, Transport } from "../ports.ts";
import { CoapError, cancelled } from "./coap-error.ts";
import { createConnection } from "./connection.ts";
import { keyedQueue } from "./keyed-queue.ts";
import { observe } from "./observe.ts";
import { peerName } from "./open-endpoint.ts";
import { createProbing } from "./probing.ts";
import { createQueue } from "./queue.ts";
import { type CoapSettings, coapSettings } from "./settings.ts";
import { type CoapStats, newCounters } from "./stats.ts";
import { toResponse } from "./to-response.ts";
import { createTransfers } from "./transfers.ts";
import { createTurns } from "./turns.ts";

export interface CoapClientDeps {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly server: { readonly host: string; readonly port: number };
  readonly settings?: Partial<CoapSettings>;
  readonly log: Logger;
}

export interface CoapClient extends Transport {
  stats(): CoapStats;
}

/**
 * A CoAP client (RFC 7252, 7641, 7959) for one server, on one socket at a time. Nothing is sent before
 * the first request.
 * @throws AgentError `config` for a port or a setting that cannot work
 */
export function createCoapClient(deps: CoapClientDeps): CoapClient {
  const { clock, server } = deps;
  const settings = coapSettings(deps.settings);
  if (!Number.isInteger(server.port) || server.port < 1 || server.port > 65_535)
    throw new AgentError("config", `the server's port is ${server.port}, must be from 1 to 65535`);

  const peer = peerName(server, server.host);
  const counters = newCounters();
  const probing = createProbing(clock);
  const newQueue = (places: number) =>
    createQueue({
      clock,
      peer,
      places,
      maxWaiting: settings.maxQueued,
      deadlineMs: settings.queueDeadlineMs,
    });
  const queue = newQueue(settings.nstart);
  const connection = createConnection({ ...deps, settings, counters, probing });
  const { queueDeadlineMs, maxQueued: maxHeld } = settings;
  const turns = createTurns({
    clock,
    queue,
    connection,
    probing,
    queueDeadlineMs,
    maxHeld,
    peer,
  });
  const alone = keyedQueue(() => newQueue(1));
  const transfers = createTransfers({ clock, settings, turns, alone, peer });
  const closing = new AbortController();
  /** Most requests of a run come with one and the same signal: its composite is made once. */
  let home: Home | null = null;
  const eitherOf = (signal: AbortSignal): Either => {
    home ??= homeOf(signal, abortingWith(signal, closing.signal));
    return home.of === signal ? home.lent : abortingWith(signal, closing.signal);
  };

  /** Ends with the caller's signal or with this client, and then always as `cancelled`. */
  const cancellable = async <T>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    using either = eitherOf(signal);
    const { signal: both } = either;
    try {
      both.throwIfAborted();
      return await work(both);
    } catch (error) {
      // Our own words for it, whatever the reason was; but a failure that came first stays what it is.
      const isReason = both.aborted && (error === both.reason || !(error instanceof CoapError));
      throw isReason ? cancelled(`the request to ${peer}`, error) : error;
    }
  };

  return {
    request: (request, signal) =>
      cancellable(signal, (either) => transfers.send(request, either).then(toResponse)),
    observe: (path, signal) =>
      observe({ ...deps, settings, connection, transfers, closing: closing.signal }, path, signal),
    ping: (signal) => cancellable(signal, (either) => turns.ping(settings.pingDeadlineMs, either)),
    stats: () => ({ ...counters, ...connection.sizes(), queued: queue.waiting + probing.waiting }),
    async [Symbol.asyncDispose]() {
      closing.abort(cancelled(`everything to ${peer}`));
      home?.either[Symbol.dispose]();
      connection.close();
    },
  };
}

type Either = Disposable & { readonly signal: AbortSignal };

interface Home {
  readonly of: AbortSignal;
  readonly either: Either;
  /** The same signal; who has done with it may let it go, and it stays. */
  readonly lent: Either;
}

const homeOf = (of: AbortSignal, either: Either): Home => ({
  of,
  either,
  lent: { signal: either.signal, [Symbol.dispose]() {} },
});
