import { onTestFinished } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import type { CoapSettings } from "../../agent/coap/settings.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { systemRandom } from "../../agent/platform/random.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { CoapRequest, CoapResponse, Network, Observation } from "../../agent/ports.ts";
import { recordingLog } from "./recording-log.ts";

/** Impatient, so that loss on loopback costs milliseconds. */
const quick: Partial<CoapSettings> = {
  ackTimeoutMs: 150,
  deadlineMs: 5_000,
  observeBackoff: { baseMs: 50, maxMs: 200 },
};

/** Our client as the device runs it: kernel UDP or DTLS, and the real clock, towards a server on loopback. */
export function realClient(
  port: number,
  settings: Partial<CoapSettings> = {},
  network: Network = udpNetwork,
) {
  const client = createCoapClient({
    network,
    clock: systemClock,
    random: systemRandom,
    server: { host: "127.0.0.1", port },
    settings: { ...quick, ...settings },
    log: recordingLog(),
  });
  const abort = new AbortController();
  onTestFinished(async () => {
    abort.abort();
    await client[Symbol.asyncDispose]();
  });
  const ask = (
    method: CoapRequest["method"],
    path: string,
    request: Partial<CoapRequest> = {},
  ): Promise<CoapResponse> =>
    client.request({ method, path: path.split("/"), ...request }, abort.signal);

  return {
    client,
    ask,
    /** Asks again and again, as the publisher does, until an answer came. */
    async untilAnswered(
      method: CoapRequest["method"],
      path: string,
      payload?: Uint8Array,
    ): Promise<{ readonly response: CoapResponse; readonly tries: number }> {
      for (let tries = 1; ; tries++) {
        try {
          return { response: await ask(method, path, payload && { payload }), tries };
        } catch (error) {
          if (tries === 20) throw error;
        }
      }
    },
    watch: (path: string) => watchOf(client.observe(path.split("/"), abort.signal)),
  };
}

/** Reads an observation in the background; `next` waits for an item that fits, from now on. */
function watchOf(items: AsyncIterable<Observation>) {
  const seen: Observation[] = [];
  let passed = 0;
  let wake = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const item of items) {
      seen.push(item);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  reading.catch((error: unknown) => wake.reject(error));
  return {
    seen,
    async next(fits: (item: Observation) => boolean): Promise<Observation> {
      for (;;) {
        for (const item of seen.slice(passed)) {
          passed++;
          if (fits(item)) return item;
        }
        await wake.promise;
      }
    },
  };
}

export const isRegistered = ({ kind }: Observation): boolean => kind === "registered";
export const isNotification =
  (text?: string) =>
  (item: Observation): boolean =>
    item.kind === "notification" &&
    (text === undefined || new TextDecoder().decode(item.response.payload) === text);
