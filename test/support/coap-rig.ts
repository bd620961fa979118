import { expect, onTestFinished } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import { CoapError } from "../../agent/coap/coap-error.ts";
import type { CoapSettings } from "../../agent/coap/settings.ts";
import type { CoapRequest, CoapResponse, Observation } from "../../agent/ports.ts";
import { memoryNetwork } from "./memory-network.ts";
import { recordingLog } from "./recording-log.ts";
import { scriptedPeer } from "./scripted-peer.ts";
import { seededRandom } from "./seeded-random.ts";
import { virtualClock } from "./virtual-clock.ts";

/** EXCHANGE_LIFETIME (RFC 7252 §4.8.2) and a little. */
const FORGOTTEN_MS = 248_000;

/** A promise under observation from its first moment, so that it cannot reject unseen. */
export interface Outcome<T> {
  readonly settled: boolean;
  readonly value: T | undefined;
  readonly error: unknown;
}

export function outcomeOf<T>(promise: Promise<T>): Outcome<T> {
  const outcome = {
    settled: false,
    value: undefined as T | undefined,
    error: undefined as unknown,
  };
  promise.then(
    (value) => Object.assign(outcome, { settled: true, value }),
    (error: unknown) => Object.assign(outcome, { settled: true, error }),
  );
  return outcome;
}

export interface CoapRigOptions {
  readonly settings?: Partial<CoapSettings>;
  /** Default: the peer's own address. */
  readonly serverHost?: string;
  readonly seed?: number;
}

/** Our client on virtual time, facing a scripted peer over a network in memory. */
export function coapRig({ settings = {}, serverHost, seed = 42 }: CoapRigOptions = {}) {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const network = memoryNetwork({ clock, random });
  const address = { host: "192.0.2.1", port: 5683 };
  const peer = scriptedPeer({ network, clock, address });
  const log = recordingLog();
  const client = createCoapClient({
    network,
    clock,
    random,
    server: { host: serverHost ?? address.host, port: address.port },
    settings,
    log,
  });
  const abort = new AbortController();
  onTestFinished(async () => {
    abort.abort();
    await client[Symbol.asyncDispose]();
  });

  const send = (request: Partial<CoapRequest> = {}, signal = abort.signal) =>
    outcomeOf(client.request({ method: "GET", path: ["test"], ...request }, signal));

  /** Lets virtual time run until it has settled. */
  const settle = async <T>(outcome: Outcome<T>, limitMs = 600_000): Promise<Outcome<T>> => {
    await clock.until(() => outcome.settled, limitMs);
    return outcome;
  };

  return {
    clock,
    network,
    peer,
    client,
    log,
    abort,
    send,
    settle,
    async response(outcome: Outcome<CoapResponse>): Promise<CoapResponse> {
      const { value, error } = await settle(outcome);
      if (!value) throw error;
      return value;
    },
    async failure(outcome: Outcome<unknown>): Promise<CoapError> {
      const { value, error } = await settle(outcome);
      if (!(error instanceof CoapError))
        throw new Error(`expected a CoapError, got ${JSON.stringify(value) ?? String(error)}`);
      return error;
    },
    /** Reads an observation in the background until `stop()`, which waits for its end. */
    watch(path: readonly string[] = ["test"]) {
      const seen: Observation[] = [];
      const ending = new AbortController();
      const reading = outcomeOf(
        (async () => {
          for await (const item of client.observe(path, ending.signal)) seen.push(item);
        })(),
      );
      const stop = async () => {
        ending.abort();
        await settle(reading);
      };
      onTestFinished(() => ending.abort());
      return { seen, reading, stop };
    },
    /**
     * Nothing is in flight or waiting now; 247 s later also the finished tokens and the
     * deduplication are forgotten, and no timer is left behind.
     */
    async expectTablesEmpty() {
      expect(client.stats()).toMatchObject({
        outstanding: 0,
        queued: 0,
        observations: 0,
        registering: 0,
      });
      await clock.advance(FORGOTTEN_MS);
      expect(client.stats()).toMatchObject({ deduplicated: 0, retiredTokens: 0 });
      expect(clock.pending).toBe(0);
    },
  };
}

export type CoapRig = ReturnType<typeof coapRig>;
export const textOf = (payload: Uint8Array): string => new TextDecoder().decode(payload);
