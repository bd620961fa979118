import { untilAborted } from "../aborting.ts";
import { isWorthLogging } from "../backoff.ts";
import { noCertificates } from "../errors.ts";
import type { LogFields, Logger, OwnCertificate } from "../ports.ts";
import { CoapError, cancelled } from "./coap-error.ts";
import type { Endpoint } from "./endpoint.ts";
import { addressOrder, createNames } from "./names.ts";
import { type OpenEndpointDeps, openEndpoint } from "./open-endpoint.ts";
import type { TableSizes } from "./stats.ts";

/** How an exchange ended, for what it says about the connection. */
export interface ExchangeFailure {
  readonly error: CoapError;
  /** Monotonic. */
  readonly begunAt: number;
  readonly confirmable: boolean;
}

/** The way to the server: one endpoint at a time, replaced when it stops working. */
export interface Connection {
  /**
   * The endpoint that has shown this certificate, opened if there is none: a request that names no device must not go out as
   * another one. Throws, or rejects with, a CoapError, the signal's reason, or AgentError `refused`.
   */
  endpoint(own: OwnCertificate | null, signal: AbortSignal): Endpoint | Promise<Endpoint>;
  /** An exchange on `endpoint` was answered. */
  answered(endpoint: Endpoint): void;
  /** The answer was another one than 4.01. */
  letIn(endpoint: Endpoint): void;
  failed(endpoint: Endpoint, failure: ExchangeFailure): void;
  /**
   * A 4.01 may mean no more than that the server does not look anew: that it has forgotten who is behind a resumed session, or
   * did not know our certificate yet when it was shown. Then the next exchange is on a new one, after a full handshake; false:
   * nothing but 4.01 has ever come on this one, and the answer is to be believed.
   */
  renew(endpoint: Endpoint): boolean;
  /** Called when observations may be gone: a deadline has passed, or the socket was given up. */
  onDisturbed(listener: () => void): Disposable;
  sizes(): TableSizes;
  close(): void;
}

export interface ConnectionDeps extends OpenEndpointDeps {
  readonly log: Logger;
}

export function createConnection(deps: ConnectionDeps): Connection {
  const { network, clock, server, settings, log } = deps;
  const { host } = server;
  const names = createNames({ network, clock, host, deadlineMs: settings.resolveDeadlineMs });
  const closing = new AbortController();
  const listeners = new Set<() => void>();
  /** All that are open: the current one, and those that still wait for their last answers. */
  const addressOf = new Map<Endpoint, string>();
  let current: Endpoint | undefined;
  /** By the certificate that is shown, "" for none. */
  const openings = new Map<string, Promise<Endpoint>>();
  const shownOn = new WeakMap<Endpoint, string>();
  let addresses: readonly string[] = [];
  let lastFailed: string | undefined;
  /** Of those that go by a certificate: on these the server did know it. */
  const knownOn = new WeakSet<Endpoint>();
  let deadlinesInARow = 0;
  /** Connections given up since the last answer: a server that is away for a week is no news every minute. */
  let fruitless = 0;
  const say = (event: string, fields: LogFields) => {
    if (fruitless === 0 || isWorthLogging(fruitless)) log.info(event, fields);
    else log.debug(event, fields);
  };

  const disturb = () => {
    for (const listener of [...listeners]) listener();
  };

  /** The next request opens a new socket: new port, new message IDs, the name looked up again. */
  const giveUp = (endpoint: Endpoint, reason: CoapError) => {
    if (endpoint !== current) return;
    lastFailed = addressOf.get(endpoint);
    fruitless++;
    say("connection given up", {
      address: lastFailed,
      reason: reason.message,
      count: fruitless,
    });
    current = undefined;
    deadlinesInARow = 0;
    disturb();
  };

  /** What is under way on it may end; what follows is on a new one. */
  const leave = (endpoint: Endpoint) => {
    current = undefined;
    deadlinesInARow = 0;
    disturb();
    endpoint.drain();
  };

  const broken = (endpoint: Endpoint, error: CoapError) => {
    giveUp(endpoint, error);
    endpoint.close(error);
  };

  const closed = (endpoint: Endpoint) => void addressOf.delete(endpoint);

  const use = (endpoint: Endpoint, address: string, own: OwnCertificate | null): Endpoint => {
    // Between the opening and this turn the client may have closed, or the socket died.
    if (closing.signal.aborted) endpoint.close(cancelled(`the connection to ${host}`));
    if (!endpoint.isUsable) throw new CoapError("unreachable", `the socket to ${address} died`);
    say("connection opened", { address, port: server.port });
    addressOf.set(endpoint, address);
    shownOn.set(endpoint, own?.certificate ?? "");
    if (current) leave(current); // of another certificate
    current = endpoint;
    return endpoint;
  };

  const open = async (own: OwnCertificate | null): Promise<Endpoint> => {
    addresses = await names.lookUp(closing.signal);
    let failure: unknown;
    for (const address of addressOrder(addresses, lastFailed)) {
      try {
        const destination = { address, own };
        const endpoint = await openEndpoint(deps, destination, closing.signal, { broken, closed });
        return use(endpoint, address, own);
      } catch (error) {
        closing.signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  };

  return {
    endpoint(own, signal) {
      closing.signal.throwIfAborted();
      if (own && !network.showsCertificates) throw noCertificates();
      const shown = own?.certificate ?? "";
      if (current && shownOn.get(current) === shown) return current;
      let opening = openings.get(shown);
      if (!opening) {
        opening = open(own).finally(() => openings.delete(shown));
        openings.set(shown, opening);
      }
      return untilAborted(opening, signal);
    },
    letIn(endpoint) {
      if (endpoint.isIdentified) knownOn.add(endpoint);
    },
    answered(endpoint) {
      fruitless = 0;
      if (endpoint === current) deadlinesInARow = 0;
    },
    failed(endpoint, { error, begunAt, confirmable }) {
      if (error.failure === "unreachable") return broken(endpoint, error);
      const silent = endpoint.heardAt < begunAt;
      // What we refused to send ourselves says nothing about the peer.
      const heard = error.failure === "reset" || error.failure === "rejected";
      if (heard && !silent) deadlinesInARow = 0;
      if (error.failure !== "timeout" || endpoint !== current) return;

      deadlinesInARow++;
      if (
        deadlinesInARow >= settings.deadlinesBeforeReconnect ||
        (silent && addresses.length > 1)
      ) {
        giveUp(endpoint, error);
        endpoint.drain();
      } else if (confirmable) {
        // That a NON got lost says little about what the server remembers.
        disturb();
      }
    },
    renew(endpoint) {
      const { isResumed, isIdentified } = endpoint;
      const mayBeOld = isResumed || knownOn.has(endpoint);
      // Others were under way on it, too: the first of them has seen to it.
      if ((!isResumed && !isIdentified) || endpoint !== current) return mayBeOld;
      const address = addressOf.get(endpoint);
      if (mayBeOld)
        log.info("refused by what an earlier handshake told, a new one follows", { address });
      network.forget?.();
      leave(endpoint);
      return mayBeOld;
    },
    onDisturbed(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    sizes() {
      const sum = {
        outstanding: 0,
        observations: 0,
        registering: 0,
        deduplicated: 0,
        retiredTokens: 0,
      };
      for (const endpoint of addressOf.keys()) {
        const sizes = endpoint.sizes();
        sum.outstanding += sizes.outstanding;
        sum.observations += sizes.observations;
        sum.registering += sizes.registering;
        sum.deduplicated += sizes.deduplicated;
        sum.retiredTokens += sizes.retiredTokens;
      }
      return sum;
    },
    close() {
      const error = cancelled(`everything to ${host}`);
      closing.abort(error);
      for (const endpoint of [...addressOf.keys()]) endpoint.close(error);
      current = undefined;
    },
  };
}
